import { describe } from 'node:test'
import { routes, services, testMistakes, upstreams } from './testing/reading.ts'

describe('mistakes of routes', () => {
  testMistakes([
    [
      'a service by a map that names none',
      routes('paths: [/]\n  service: { name: b }'),
      [`5:12 route 'a' (routes[0]): There is no service b in this file.`],
    ],
    [
      'a service by a number',
      routes('paths: [/]\n  service: 5'),
      [`5:12 route 'a' (routes[0]): It does not name a service.`],
    ],
    [
      'nothing to match',
      routes('strip_path: true'),
      [
        `3:3 route 'a' (routes[0]): A route of http needs at least one of methods, hosts, headers, paths, snis.`,
      ],
    ],
    [
      'SNIs without TLS',
      routes('protocols: [http]\n  snis: [a.example]\n  paths: [/]'),
      [`5:9 route 'a' (routes[0]): snis are of routes with TLS.`],
    ],
    [
      'two families',
      routes('protocols: [http, tcp]\n  paths: [/]'),
      [
        `4:14 route 'a' (routes[0]): A route cannot be of http and of tcp. → Make two routes of it.`,
      ],
    ],
    [
      'a path of TCP',
      routes('protocols: [tcp]\n  paths: [/]'),
      [
        `3:3 route 'a' (routes[0]): A route of tcp needs at least one of sources, destinations, snis.`,
        `5:10 route 'a' (routes[0]): A route of tcp has no paths.`,
      ],
    ],
    [
      'sources of HTTP',
      routes('paths: [/]\n  sources: [{ ip: 10.0.0.0/8 }]'),
      [`5:12 route 'a' (routes[0]): A route of http has no sources.`],
    ],
    [
      'a path without a slash',
      routes('paths: [x]'),
      [
        `4:11 route 'a' (routes[0]): paths "x" starts neither with / (a prefix) nor with ~/ (a regex).`,
      ],
    ],
    [
      'a path that is not normal',
      routes('paths: [/a/../b]'),
      [`4:11 route 'a' (routes[0]): paths "/a/../b" is not in normal form: write /b.`],
    ],
    [
      'a path with an empty segment',
      routes('paths: [/a//b]'),
      [`4:11 route 'a' (routes[0]): paths "/a//b" has an empty segment (//).`],
    ],
    [
      'look-ahead',
      routes('paths: ["~/a(?=b)"]'),
      [
        `4:11 route 'a' (routes[0]): paths "~/a(?=b)" is no regex we can run: the regex looks ahead or behind, which cannot be matched in linear time.`,
      ],
    ],
    [
      'a host as a header',
      routes('headers: { Host: [a] }'),
      [`4:20 route 'a' (routes[0]): A route names its hosts in hosts, not as a header.`],
    ],
    [
      'a method in small letters',
      routes('methods: [get]'),
      [`4:13 route 'a' (routes[0]): methods "get" has characters other than capital letters.`],
    ],
    [
      'a wildcard inside',
      routes('hosts: [a.*.b]'),
      [
        `4:11 route 'a' (routes[0]): hosts "a.*.b" has its wildcard elsewhere than as the first or the last label.`,
      ],
    ],
    [
      'two wildcards',
      routes('hosts: ["*.a.*"]'),
      [`4:11 route 'a' (routes[0]): hosts "*.a.*" has more than one wildcard.`],
    ],
    [
      'a range that is none',
      routes('protocols: [tcp]\n  sources: [{ ip: 10.0.0.0/33 }]'),
      [`5:19 route 'a' (routes[0]): ip "10.0.0.0/33" has a prefix length that does not fit.`],
    ],
    [
      'a service that is none',
      `${routes('paths: [/]\n  service: ordrs')}services: [{ name: orders, host: a }]`,
      [
        `5:12 route 'a' (routes[0]): There is no service ordrs in this file. → Did you mean orders?`,
      ],
    ],
    [
      'a plugin of HTTP on a route for connections',
      routes('protocols: [tcp]\n  destinations: [{ port: 9000 }]\n  plugins: [{ name: cors }]'),
      [
        `6:13 plugin 'cors' (routes[0].plugins[0]): The plugin cors is not of a protocol of its route. → Write protocols: [tcp], if it runs on them.`,
      ],
    ],
  ])
})

describe('mistakes of tunings', () => {
  testMistakes([
    [
      'rules that are none',
      services('host: a\n  x-keelson: { split: { rules: 5 } }'),
      [
        `5:32 service 'a' (services[0]): x-keelson.split.rules is the number 5; it must be a list. → Write it as a list: [x].`,
      ],
    ],
    [
      'a tuning that is none',
      services('host: a\n  x-keelson: { retri: { on: [status] } }'),
      [`5:16 service 'a' (services[0]): There is no field retri. → Did you mean retry?`],
    ],
    [
      'a tuning out of range',
      services('host: a\n  x-keelson: { retry: { budget: 2 } }'),
      [`5:33 service 'a' (services[0]): x-keelson.retry.budget is 2; it must be at most 1.`],
    ],
    [
      'a canary that is nobody',
      services('host: a\n  x-keelson: { split: { rules: [{ service: a }] } }'),
      [`5:33 service 'a' (services[0]): A rule needs a weight, a header or consumers.`],
    ],
    [
      'more than everything',
      services(
        'host: a\n  x-keelson: { split: { rules: [{ service: a, weight: 60 }, { service: a, weight: 50 }] } }',
      ),
      [`5:32 service 'a' (services[0]): The weights of split are more than 100 together.`],
    ],
    [
      'a day that is none',
      routes(
        'paths: [/]\n  x-keelson: { version: { api: a, version: v1, by: path, sunset_at: soon } }',
      ),
      [`5:69 route 'a' (routes[0]): sunset_at is no date as in 2026-12-31T00:00:00Z.`],
    ],
    [
      'a version without its header',
      routes('paths: [/]\n  x-keelson: { version: { api: a, version: v1, by: header } }'),
      [`5:25 route 'a' (routes[0]): A version by header needs header.`],
    ],
    [
      'a range the wrong way round',
      upstreams('x-keelson: { ejection: { base_ms: 2, max_ms: 1 } }'),
      [`4:26 upstream 'a' (upstreams[0]): max_ms is less than base_ms.`],
    ],
    [
      'a tuning that names nothing',
      services('host: a\n  x-keelson: { failover: b }'),
      [`5:26 service 'a' (services[0]): There is no service b in this file.`],
    ],
  ])
})
