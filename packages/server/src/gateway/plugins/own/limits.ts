/** Bounds of what a plugin of a team's own may take, and of what is kept for it. */
export const limits = {
  /** Folders that are looked at; every plugin is a process of about 90 MB. */
  plugins: 32,
  /** Loaded at once: starts take turns at the processors, and each has its time limit. */
  loading: 4,
  /** From the start of the process to its definition. */
  loadMs: 10_000,
  /** A hook, unless `timeout_ms` says otherwise. */
  callMs: 200,
  /** Calls under way to one plugin; more fail at once. */
  calls: 1000,
  /** Not yet taken by the plugin; with more it does not keep up, and calls fail at once. */
  behindBytes: 16 * 1024 * 1024,
  /** One message from a plugin. */
  frameBytes: 2 * 1024 * 1024,
  bodyBytes: 1024 * 1024,
  notesBytes: 16 * 1024,
  /** How often a plugin is asked whether it is there. */
  pulseMs: 1000,
  /** So many times it did not say that it is there: ended by force. */
  silentPulses: 2,
  heapMb: 128,
  /** All of its memory, as it tells with every pulse. */
  residentBytes: 384 * 1024 * 1024,
  /** Messages that answer nothing, between two pulses: ended by force. */
  unaskedMessages: 10_000,
  /** Lines of its own that are logged between two pulses; more are counted and dropped. */
  lines: 100,
  lineLength: 2000,
  /** Output that is read between two pulses; then the plugin waits. */
  outputBytes: 256 * 1024,
  backOffMs: 100,
  backOffMaxMs: 30_000,
  /** After so long in good health the next failure is the first again. */
  healthyMs: 60_000,
} as const
