import type { Origin, Report } from './diagnostics.ts'
import type { Environment } from './environment.ts'
import type { Limits } from './limits.ts'
import { mapChildren, mapItems } from './node.ts'
import type { MapNode, Node, ScalarNode } from './node.ts'
import { substitute, TemplateError } from './template.ts'

/**
 * Stage 2: variables. Only values are interpolated, never keys, and file by file, before anything is
 * merged. A value that used variables carries their origins. An unset variable without a default is
 * a warning and an empty string, as in Compose.
 */
export function interpolate(
  root: MapNode,
  environment: Environment,
  limits: Limits,
  report: Report,
): MapNode {
  const lookup = (name: string) => environment.get(name)?.value
  const trail: (string | number)[] = []

  function walk(node: Node, key: string | number): Node {
    if (node.kind === 'scalar') {
      const { value } = node
      if (typeof value !== 'string' || !value.includes('$')) return node
      return scalar(node, value, [...trail, key].join('.'))
    }
    trail.push(key)
    const walked = node.kind === 'map' ? mapChildren(node, walk) : mapItems(node, walk)
    trail.pop()
    return walked
  }

  function scalar(node: ScalarNode, template: string, path: string): ScalarNode {
    try {
      const { value, used, unset, defaulted } = substitute(template, lookup, limits.valueLengthMax)
      for (const name of unset) warnUnset(name, node.at)
      const from = [...new Set(used)].map((name) => variableOrigin(name, environment))
      const defaults = [...new Set(defaulted)].map((use) => ({
        ...node.at,
        note: `default of ${use}`,
      }))
      return { ...node, value, text: value, from: [...node.from, ...from, ...defaults] }
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      const hint =
        error.kind === 'invalid'
          ? 'write $$ for a dollar sign'
          : error.kind === 'required'
            ? `set ${error.variable} in the shell or in .env`
            : undefined
      const code = error.kind === 'required' ? 'required_variable' : 'bad_interpolation'
      // an invalid template may be a password with a dollar sign: it is not repeated
      const reason = error.kind === 'invalid' ? 'invalid interpolation' : error.message
      report.error(code, node.at, `${path}: ${reason}`, hint)
      return { ...node, value: '', text: '' }
    }
  }

  function warnUnset(name: string, at: Origin): void {
    const message = `The "${name}" variable is not set. Defaulting to a blank string.`
    report.warn('unset_variable', at, message, `set ${name}, or write \${${name}:-default}`)
  }

  return mapChildren(root, walk)
}

/** Where a variable's value was defined. */
export function variableOrigin(name: string, environment: Environment): Origin {
  const variable = environment.get(name)
  return variable?.origin ?? { file: 'environment', line: 0, column: 0, note: `variable ${name}` }
}
