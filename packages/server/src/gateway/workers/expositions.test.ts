import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countersOf, mergeExpositions } from './expositions.ts'

const one = `# HELP a_total Counts.
# TYPE a_total counter
a_total{route="x y"} 1
a_total{route="z"} 2
# HELP now What is.
# TYPE now gauge
now 3
# HELP kong_node_info Who this gateway is.
# TYPE kong_node_info gauge
kong_node_info{node_id="n"} 1
`

test('what has one name and labels is added up; a view of what is stays one', () => {
  assert.equal(
    mergeExpositions([one, one.replace('route="z"', 'route="w"')]),
    one
      .replace('} 1\na_total{route="z"} 2', '} 2\na_total{route="z"} 2\na_total{route="w"} 2')
      .replace('now 3', 'now 6'),
  )
})

test('of a worker that is gone its counters stay, and not what there was at the moment', () => {
  assert.equal(countersOf(one), one.slice(0, one.indexOf('# HELP now')))
})
