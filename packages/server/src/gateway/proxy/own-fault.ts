/**
 * Whether a connection failed for want of something here (file descriptors, ports, memory). It
 * says nothing about the other side: targets must not be put out for it.
 */
export const isOwnFault = (detail: string): boolean =>
  /\b(?:EMFILE|ENFILE|ENOBUFS|ENOMEM|EADDRNOTAVAIL)\b/.test(detail)
