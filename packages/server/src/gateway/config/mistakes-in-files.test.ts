import { describe } from 'node:test'
import { services, testMistakes } from './testing/reading.ts'

describe('mistakes of files', () => {
  testMistakes([
    [
      'no version',
      'services: []',
      ['1:1 _format_version is missing. → Begin the file with _format_version: "3.0".'],
    ],
    [
      'a number',
      '_format_version: 3.0',
      ['1:18 _format_version is a number. → Write it in quotes: "3.0".'],
    ],
    [
      'another version',
      '_format_version: "4.0"',
      ['1:18 _format_version must be "1.1", "2.1" or "3.0".'],
    ],
    [
      'a list of its own',
      '[]',
      [
        '1:1 The file is no map of fields. → It begins with _format_version: "3.0" and has services, routes and so on.',
      ],
    ],
    [
      'no YAML',
      'a: [1',
      [
        '1:6 This is not YAML: Flow sequence in block collection must be sufficiently indented and end with a ].',
      ],
    ],
    [
      'text with NUL',
      services('host: "a\\0"'),
      ['4:9 This text has NUL or half a character, which nothing can keep.'],
    ],
    [
      'half a character in JSON',
      '{"_format_version": "3.0", "services": [{"name": "a", "tags": ["b", "\\ud800"]}]}',
      ['1:69 This text has NUL or half a character, which nothing can keep.'],
    ],
    [
      'a key with NUL',
      services('"ho\\0st": a'),
      ['4:3 This text has NUL or half a character, which nothing can keep.'],
    ],
    [
      'a key twice',
      '_format_version: "3.0"\nroutes: []\nroutes: []\n',
      ['3:1 This is not YAML: Map keys must be unique.'],
    ],
    [
      'an unknown list',
      '_format_version: "3.0"\nservice: []',
      ['2:1 There is no field service. → Did you mean services?'],
    ],
    ['no list', '_format_version: "3.0"\nservices: a', ['2:11 services must be a list.']],
    [
      'no map',
      '_format_version: "3.0"\nservices: [a]',
      ['2:12 A service must be a map of fields.'],
    ],
  ])
})

describe('mistakes of services', () => {
  testMistakes([
    [
      'an unknown field',
      services('host: a\n  retrys: 1'),
      [`5:3 service 'a' (services[0]): There is no field retrys. → Did you mean retries?`],
    ],
    ['a missing field', services('port: 1'), [`3:3 service 'a' (services[0]): host is missing.`]],
    [
      'a number as text',
      services('host: a\n  port: "80"'),
      [
        `5:9 service 'a' (services[0]): port is a text; it must be a whole number. → Write it without quotes.`,
      ],
    ],
    [
      'a text as number',
      services('host: 1'),
      [
        `4:9 service 'a' (services[0]): host is the number 1; it must be a text. → Write it in quotes: "1".`,
      ],
    ],
    [
      'too much',
      services('host: a\n  retries: 40000'),
      [`5:12 service 'a' (services[0]): retries is 40000; it must be at most 32767.`],
    ],
    [
      'too little',
      services('host: a\n  read_timeout: 0'),
      [`5:17 service 'a' (services[0]): read_timeout is 0; it must be at least 1.`],
    ],
    [
      'a wrong word',
      services('host: a\n  protocol: htp'),
      [
        `5:13 service 'a' (services[0]): protocol is "htp"; it can be "http", "https", "tcp", "tls", "grpc", "grpcs" or "tls_passthrough".`,
      ],
    ],
    [
      'a host with a port',
      services('host: a:80'),
      [`4:9 service 'a' (services[0]): host "a:80" must not have a port.`],
    ],
    [
      'a host that is none',
      services('host: "a b"'),
      [`4:9 service 'a' (services[0]): host "a b" is not a host name.`],
    ],
    [
      'an address that is none',
      services('host: 300.1.1.1'),
      [`4:9 service 'a' (services[0]): host "300.1.1.1" is not an IPv4 address.`],
    ],
    [
      'a path without a slash',
      services('host: a\n  path: x'),
      [`5:9 service 'a' (services[0]): path "x" does not start with /.`],
    ],
    [
      'an empty segment',
      services('host: a\n  path: /x//y'),
      [`5:9 service 'a' (services[0]): path "/x//y" has an empty segment (//).`],
    ],
    [
      'half an escape',
      services('host: a\n  path: /%zz'),
      [
        `5:9 service 'a' (services[0]): path "/%zz" has a % that is not followed by two hexadecimal digits.`,
      ],
    ],
    [
      'a path of TCP',
      services('host: a\n  protocol: tcp\n  path: /x'),
      [`6:9 service 'a' (services[0]): A service of protocol tcp has no path.`],
    ],
    [
      'verification without TLS',
      services('host: a\n  tls_verify: true'),
      [`5:15 service 'a' (services[0]): tls_verify is of services of protocol https or tls.`],
    ],
    [
      'an url that is none',
      services('url: nowhere'),
      [`4:8 service 'a' (services[0]): url is no address. → It looks like http://host:port/path.`],
    ],
    [
      'a name with a space',
      services('host: a').replace('name: a', 'name: "a b"'),
      [
        `3:9 service 'a b' (services[0]): name "a b" has characters other than letters, digits and . - _ ~.`,
      ],
    ],
    [
      'a tag with a comma',
      services('host: a\n  tags: ["a,b"]'),
      [`5:10 service 'a' (services[0]): tags "a,b" has a comma, a slash or a control character.`],
    ],
    [
      'an id that is none',
      services('host: a\n  id: x'),
      [`5:7 service 'a' (services[0]): id is not a UUID.`],
    ],
    [
      'a name twice',
      `${services('host: a')}- name: a\n  host: b\n`,
      [`5:3 service 'a' (services[1]): service 'a' (services[0]) has the same name.`],
    ],
    [
      'an id twice',
      services(
        'host: a\n  id: 11111111-1111-4111-8111-111111111111\n- name: b\n  host: b\n  id: 11111111-1111-4111-8111-111111111111',
      ),
      [`8:7 service 'b' (services[1]): service 'a' (services[0]) has the same id.`],
    ],
    [
      'another parent',
      `${services('host: a\n  routes: [{ name: r, paths: [/], service: b }]')}- { name: b, host: b }\n`,
      [
        `5:44 route 'r' (services[0].routes[0]): It names the service b, but stands inside of another one. → Move it to the top level.`,
      ],
    ],
  ])
})
