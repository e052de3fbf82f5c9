/** Repeats a request of the SDK after each retryable error, as applications may do. */
export const retrying = async <T>(request: () => Promise<T>): Promise<T> => {
  for (;;) {
    try {
      return await request();
    } catch (error) {
      if (!(error as { retryable?: boolean }).retryable) throw error;
    }
  }
};
