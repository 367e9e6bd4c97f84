/** Every icon of the page: 16 × 16, drawn with strokes in the colour of the text around it. */
const paths = {
  overview: 'M2.5 8.5 8 3l5.5 5.500M4 7.500V13h8V7.500M6.8 13V9.800h2.400V13',
  services: 'M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.01M5 11h.01',
  map: 'M3.5 2.500h3v3h-3zM9.5 6.500h3v3h-3zM3.5 10.500h3v3h-3zM6.5 4h1.500v8H6.500M8 8h1.5',
  gateway: 'M2 8h6M5.5 5.500 8 8l-2.5 2.500M10.5 2.500v11M10.5 5h3M10.5 8h3M10.5 11h3',
  access:
    'M6 7.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5M1.800 13.500a4.200 4.200 0 0 1 8.400 0M10.500 2.800a2.400 2.400 0 0 1 0 4.400M11.800 9.700a4.200 4.200 0 0 1 2.400 3.800',
  gaps: 'M2 8h3.500M10.5 8H14M7.500 2.500v3M7.500 10.500v3M5.500 5.500v5M10.500 5.500v5',
  system:
    'M4.5 4.500h7v7h-7zM6.5 2v2.500M9.5 2v2.500M6.5 11.500V14M9.5 11.500V14M2 6.500h2.500M2 9.500h2.500M11.5 6.500H14M11.5 9.500H14',
  reference: 'M5.5 4.5 2 8l3.5 3.500M10.5 4.5 14 8l-3.5 3.5',
  sun: 'M8 5.200a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.600M8 1.500v1.300M8 13.200v1.300M1.5 8h1.300M13.2 8h1.300M3.4 3.400l.9.9M11.7 11.700l.9.9M3.4 12.600l.9-.9M11.7 4.300l.9-.9',
  moon: 'M13.2 9.700A5.6 5.6 0 0 1 6.3 2.800a5.6 5.6 0 1 0 6.9 6.900Z',
  auto: 'M2 3.500h12v7.500H2zM5.5 13.500h5M8 11v2.5',
  menu: 'M2.5 4.500h11M2.5 8h11M2.5 11.500h11',
  close: 'M4 4l8 8M12 4l-8 8',
  restart: 'M13 8a5 5 0 1 1-1.6-3.700M13.2 2.300v2.700h-2.7',
  copy: 'M6 6h7v7.500H6zM10 6V2.500H3V10h3',
  check: 'M3.5 8.500l3 3 6-7',
  lock: 'M4 7.500h8V13H4zM5.5 7.500V5.300a2.5 2.5 0 0 1 5 0v2.2',
  search: 'M7 2.800a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.400M10.2 10.200l3.3 3.3',
  pause: 'M5.5 3.500v9M10.5 3.500v9',
  play: 'M4.5 3v10l8-5z',
  down: 'M8 2.500v11M3.8 9.3 8 13.500l4.2-4.2',
  download: 'M8 2.500v7.500M4.8 7 8 10.2 11.2 7M2.8 13.200h10.4',
  external: 'M6.5 3.500h-3v9h9v-3M9 2.800h4.200V7M13 3 7.5 8.5',
  trash: 'M3 4.500h10M6.5 4.500V3h3v1.500M4.3 4.500l.7 9h6l.7-9M6.8 7v4M9.2 7v4',
  wrap: 'M2.5 4h11M2.5 8h9a2.2 2.2 0 0 1 0 4.500H8.500M2.5 12h2.500M10 10.7 8.3 12.500l1.7 1.8',
  chevron: 'M4.5 6.5 8 10l3.5-3.5',
  arrow: 'M3 8h10M9.5 4.5 13 8l-3.5 3.5',
  sortUp: 'M8 13V3.500M4.5 7 8 3.5 11.5 7',
  sortDown: 'M8 3v9.500M4.5 9 8 12.5 11.5 9',
  signOut: 'M6.5 2.500h-4v11h4M6 8h7.500M10.5 5l3 3-3 3',
  broom: 'M9.5 2.5 8 7.500M5 7.500h6l1 6H4zM6.5 10.500v3M9.5 10.500v3',
  stack:
    'M8 2.200l5.800 2.900L8 8 2.200 5.100zM2.200 8 8 10.900 13.800 8M2.200 10.900 8 13.800l5.800-2.900',
  undo: 'M5.800 3 2.800 6l3 3M3 6h6.200a3.6 3.6 0 0 1 0 7.200H6',
  stop: 'M4.500 4.500h7v7h-7z',
  plus: 'M8 3.500v9M3.500 8h9',
  minus: 'M3.500 8h9',
  file: 'M4 2h5.500L12.500 5v9H4zM9.500 2v3h3M6.500 8.500h3.500M6.500 11h3.500',
  drift:
    'M5.500 2.500v4.500a2 2 0 0 0 2 2h1a2 2 0 0 1 2 2v2.500M3.500 4.500l2-2 2 2M12.500 11.500l-2 2-2-2',
  drain: 'M3 3.500h10l-3.500 5v4L6.500 11V8.500z',
  healthy: 'M8 1.800a6.2 6.2 0 1 0 0 12.400A6.2 6.2 0 0 0 8 1.800M5.3 8.200l1.9 1.9 3.5-4',
  starting: 'M8 1.800a6.2 6.2 0 1 0 0 12.400A6.2 6.2 0 0 0 8 1.800M8 4.800V8l2.2 1.5',
  stopped: 'M8 1.800a6.2 6.2 0 1 0 0 12.400A6.2 6.2 0 0 0 8 1.800M6 6h4v4H6z',
  unknown:
    'M8 1.800a6.2 6.2 0 1 0 0 12.400A6.2 6.2 0 0 0 8 1.800M6.3 6.300a1.75 1.75 0 1 1 2.6 1.500c-.6.35-.9.7-.9 1.200M8 11.200h.01',
  degraded: 'M8 2.2 14.3 13.200H1.700ZM8 6.500v3M8 11.300h.01',
  unhealthy:
    'M5.4 1.800h5.200l3.6 3.600v5.200l-3.6 3.600H5.400L1.8 10.600V5.400zM6 6l4 4M10 6l-4 4',
  info: 'M8 1.800a6.2 6.2 0 1 0 0 12.400A6.2 6.2 0 0 0 8 1.800M8 7.300v3.500M8 5.200h.01',
  live: 'M8 7a1 1 0 1 0 0 2 1 1 0 0 0 0-2M5 11a4.2 4.2 0 0 1 0-6M11 5a4.2 4.2 0 0 1 0 6M3 13A7 7 0 0 1 3 3M13 3a7 7 0 0 1 0 10',
} as const

export type IconName = keyof typeof paths

/** Decorative: the text beside it, or the label of its button, says the same. */
export const Icon = ({ name, size = 16 }: { name: IconName; size?: number }) => (
  <svg
    className="icon"
    width={size}
    height={size}
    viewBox="0 0 16 16"
    fill="none"
    stroke="currentColor"
    strokeWidth={1.4}
    strokeLinecap="round"
    strokeLinejoin="round"
    aria-hidden="true"
    focusable="false"
  >
    <path d={paths[name]} />
  </svg>
)
