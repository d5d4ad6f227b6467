// What tells of every answer, wherever it came from.

/** Told "answered" whenever a call is answered: then the service can be reached. */
export const answered = new EventTarget();
