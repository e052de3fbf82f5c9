/** One function URL. */
export interface FunctionUrlModel {
  logicalId: string;
  /** The id in its domain name and in events; locally made up. */
  urlId: string;
  functionId: string;
  /** The function's ARN. */
  functionArn: string;
  authType: "AWS_IAM" | "NONE";
  cors?: CorsModel;
}

/** The CORS configuration of a function URL. */
export interface CorsModel {
  allowOrigins: string[];
  allowMethods: string[];
  allowHeaders: string[];
  exposeHeaders: string[];
  allowCredentials: boolean;
  maxAgeSeconds?: number;
}
