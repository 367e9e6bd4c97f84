import { changeLine, changeText } from '../healthy.ts'
import { operator } from '../mutant.ts'

export const composeOperators = [
  operator({
    rule: 'compose/does-not-load',
    breaks: 'a key of a service is misspelt',
    *mutants(healthy) {
      for (const service of healthy.system.services.values()) {
        const key = service.build === undefined ? 'image' : 'build'
        const changes = changeLine(healthy, service.place(key), (line) =>
          line.replace(`${key}:`, `${key}s:`),
        )
        if (changes !== undefined) yield { about: `${service.name}.${key}`, changes }
      }
    },
  }),
  operator({
    rule: 'compose/does-not-load',
    breaks: 'a line is indented by a tab',
    *mutants(healthy) {
      for (const service of healthy.system.services.values()) {
        const changes = changeLine(healthy, service.at, (line) => `\t${line.trimStart()}`)
        if (changes !== undefined) yield { about: service.name, changes }
      }
    },
  }),
  operator({
    rule: 'compose/does-not-load',
    breaks: 'a service stands twice',
    *mutants(healthy) {
      for (const { name, at } of healthy.system.services.values()) {
        const changes = changeText(healthy, at.file, (text) =>
          text.replace(/^services:$/m, `services:\n  ${name}: { image: "nginx:1.27" }`),
        )
        if (changes !== undefined) yield { about: name, changes }
      }
    },
  }),
]
