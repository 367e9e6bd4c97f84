import { describe } from 'node:test'
import { plugin, services, testMistakes, upstreams } from './testing/reading.ts'

describe('mistakes of upstreams, consumers, certificates and plugins', () => {
  testMistakes([
    [
      'a hash without its header',
      upstreams('hash_on: header'),
      [
        `3:3 upstream 'a' (upstreams[0]): hash_on_header is missing, which hashing by header needs.`,
      ],
    ],
    [
      'a fallback like the hash',
      upstreams('hash_on: ip\n  hash_fallback: ip'),
      [`5:18 upstream 'a' (upstreams[0]): hash_fallback cannot be ip as well.`],
    ],
    [
      'a fallback of none',
      upstreams('hash_fallback: ip'),
      [`4:18 upstream 'a' (upstreams[0]): With hash_on none, hash_fallback must be none.`],
    ],
    [
      'few slots',
      upstreams('slots: 9'),
      [`4:10 upstream 'a' (upstreams[0]): slots is 9; it must be at least 10.`],
    ],
    [
      'an upstream with an address',
      upstreams('slots: 10').replace('name: a', 'name: 10.0.0.1'),
      [`3:9 upstream '10.0.0.1' (upstreams[0]): name "10.0.0.1" must not be an IP address.`],
    ],
    [
      'a heavy target',
      upstreams('targets: [{ target: "a:1", weight: 65536 }]'),
      [`4:38 target 'a:1' (upstreams[0].targets[0]): weight is 65536; it must be at most 65535.`],
    ],
    [
      'a target with a wrong port',
      upstreams('targets: [{ target: "a:99999" }]'),
      [`4:23 target 'a:99999' (upstreams[0].targets[0]): target "a:99999" has a port above 65535.`],
    ],
    [
      'a target twice',
      upstreams('targets: [{ target: "a:1" }, { target: "a:1" }]'),
      [
        `4:32 target 'a:1' (upstreams[0].targets[1]): target 'a:1' (upstreams[0].targets[0]) has the same name.`,
      ],
    ],
    [
      'a deep field',
      upstreams('healthchecks: { active: { timout: 1 } }'),
      [`4:29 upstream 'a' (upstreams[0]): There is no field timout. → Did you mean timeout?`],
    ],
    [
      'nobody',
      '_format_version: "3.0"\nconsumers: [{ tags: [a] }]',
      ['2:13 consumer (consumers[0]): A consumer needs a username or a custom_id.'],
    ],
    [
      'a key without a key',
      '_format_version: "3.0"\nconsumers: [{ username: a, keyauth_credentials: [{ tags: [a] }] }]',
      ['2:50 key (consumers[0].keyauth_credentials[0]): key is missing.'],
    ],
    [
      'one key for two',
      '_format_version: "3.0"\nconsumers:\n- username: a\n  keyauth_credentials: [{ key: k }]\n- username: b\n  keyauth_credentials: [{ key: k }]\n',
      [
        '6:25 key (consumers[1].keyauth_credentials[0]): key (consumers[0].keyauth_credentials[0]) has the same name.',
      ],
    ],
    [
      'a jwt without its key',
      '_format_version: "3.0"\nconsumers: [{ username: a, jwt_secrets: [{ key: k, algorithm: RS256 }] }]',
      [
        `2:42 jwt secret 'k' (consumers[0].jwt_secrets[0]): rsa_public_key is missing, which RS256 needs.`,
      ],
    ],
    [
      'a certificate that is none',
      '_format_version: "3.0"\ncertificates: [{ cert: a, key: b }]',
      [
        '2:24 certificate (certificates[0]): cert is no certificate in PEM.',
        '2:32 certificate (certificates[0]): key is no private key in PEM.',
      ],
    ],
    [
      'an unknown plugin',
      plugin('config: {}').replace('limiter', 'limitr'),
      [`3:9 plugin 'limitr' (plugins[0]): There is no plugin limitr. → Did you mean limiter?`],
    ],
    [
      'a wrong plugin',
      plugin('config: { minute: 0, by: me, redis: { prt: 1 } }'),
      [
        `4:21 plugin 'limiter' (plugins[0]): minute is 0; it must be at least 1.`,
        `4:28 plugin 'limiter' (plugins[0]): by is "me"; it can be "ip" or "consumer".`,
        `4:41 plugin 'limiter' (plugins[0]): There is no field prt. → Did you mean port?`,
      ],
    ],
    [
      'a plugin that is used wrongly',
      plugin('config: { minute: 1, by: consumer, header: x }'),
      [`4:46 plugin 'limiter' (plugins[0]): by consumer needs no header.`],
    ],
    [
      'a plugin twice',
      plugin('config: { minute: 1 }\n- name: limiter\n  config: { minute: 2 }'),
      [`5:3 plugin 'limiter' (plugins[1]): plugin 'limiter' (plugins[0]) has the same scope.`],
    ],
    [
      'a plugin twice in other words',
      `${services('host: a\n  plugins: [{ name: cors }]')}plugins: [{ name: cors, service: a }]\n`,
      [
        `6:11 plugin 'cors' (plugins[0]): plugin 'cors' (services[0].plugins[0]) has the same scope.`,
      ],
    ],
    [
      'a target twice in other words',
      `${upstreams('targets: [{ target: "a:1" }]')}targets: [{ upstream: a, target: "a:1" }]\n`,
      [`5:11 target 'a:1' (targets[0]): target 'a:1' (upstreams[0].targets[0]) has the same name.`],
    ],
    [
      'a plugin out of scope',
      services('host: a\n  plugins: [{ name: global-only }]'),
      [
        `5:13 plugin 'global-only' (services[0].plugins[0]): The plugin global-only cannot be tied to a service.`,
      ],
    ],
    [
      'a plugin on no protocol of its own',
      plugin('config: { minute: 1 }\n  protocols: [tcp]'),
      [
        `5:14 plugin 'limiter' (plugins[0]): The plugin limiter runs on none of these protocols. → It runs on http, https, grpc, grpcs, ws, wss.`,
      ],
    ],
  ])
})
