/** The least that a sandbox can be granted for, in seconds. */
export const GRANT_MIN_SECONDS = 10;

/** The most that any configuration allows, in seconds: a day. */
export const GRANT_MAX_SECONDS = 86_400;

/** The longest that a request may wait for a sandbox, in seconds. */
export const WAIT_MAX_SECONDS = 60;

export const USER_ID_MAX_LENGTH = 256;
/** No control characters, no line or paragraph separators, and nothing that changes the direction of the text around it. */
export const USER_ID_PATTERN = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]*$/;
