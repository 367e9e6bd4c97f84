/** The other side of the comparison with `docker-compose config --format json`: load, print, end. */
import { canonicalModel, loadProject } from '../../packages/compose/src/index.ts'

const project = await loadProject({ cwd: process.cwd(), env: process.env, withoutUnused: true })
process.stdout.write(JSON.stringify(canonicalModel(project, { escapeDollars: true }), null, 2))
