/** Kong files for tests, made of what is said about the one service and its route. */

type Fields = Readonly<Record<string, unknown>>
type Parts = { service?: Fields; route?: Fields; plugins?: readonly Fields[]; more?: Fields }

/** One service on a port of the loopback, for every path; JSON is YAML. */
export const configOf = (port: number, { service, route, plugins, more }: Parts = {}): string =>
  JSON.stringify({
    _format_version: '3.0',
    services: [
      {
        name: 'app',
        url: `http://127.0.0.1:${port}`,
        ...service,
        routes: [{ name: 'all', paths: ['/'], strip_path: false, ...route }],
        plugins: plugins ?? [],
      },
    ],
    ...more,
  })

/** Statuses of all answers in what a client heard. */
export const heads = (heard: string): number[] =>
  [...heard.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))

/** What `more` takes for a certificate that is shown to everybody. */
export const certificateFor = (pair: { cert: string; key: string }) => ({
  certificates: [{ ...pair, snis: [{ name: '*' }] }],
})
