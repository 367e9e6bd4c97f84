import { posix } from 'node:path'
import { factAt, wholeFile } from '../../place.ts'
import type { System } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'
import { claimsOf, type ClaimOf } from './documents.ts'

/** A document links to a file, names one or draws one, that is not there. */
export const missingFile: Rule = {
  id: 'claims/missing-file',
  title: 'Document names a file that is not there',
  severity: 'warning',
  why: `A dead link is where somebody stops reading: the runbook, the configuration to copy, the script that
was to be run. It is what remains of a move that did not search the documents.`,
  joins: ['links, paths and drawings of documents', 'files of the repository'],
  fix: 'Correct the path, or remove the sentence.',
  *find(system) {
    const drawings = new Map<string, boolean>()
    for (const { document, claim } of claimsOf(system, 'path')) {
      const from = document.file.includes('/') ? posix.dirname(document.file) : ''
      const found = look(claim, from, system)
      if (found !== 'absent') continue
      if (claim.from === 'drawing') {
        const key = document.file
        const isOurs = drawings.get(key) ?? isDrawingOurs(document.claims, from, system)
        drawings.set(key, isOurs)
        // Below a folder that is not there, the folder is told once.
        const parent = posix.dirname(claim.path)
        if (
          !isOurs ||
          (parent !== '.' && look({ ...claim, path: parent }, from, system) === 'absent')
        )
          continue
      }
      yield {
        ...(claim.from === 'code' ? { severity: 'info' as const } : {}),
        message: `${document.file} ${claim.from === 'link' ? 'links to' : claim.from === 'drawing' ? 'draws' : 'names'} ${claim.path}, which is not there`,
        evidence: [
          factAt(claim, claim.text),
          factAt(wholeFile(resolved(claim.path, from)), 'not in the repository'),
        ],
        fix: /^(?:[\w-]+\.)+(?:com|org|net|io|dev|in)\//.test(claim.path)
          ? `Write https://${claim.path} in ${document.file}`
          : `Correct ${claim.path} in ${document.file}`,
        subject: claim.path,
      }
    }
  },
  examples: [
    {
      title: 'a dead link, a file that moved, and an old drawing',
      files: {
        'compose.yaml': 'services:\n  web:\n    image: nginx:1.27\n',
        'deploy/nginx.conf': 'events {}\n',
        'README.md':
          '# Shop\n\nSee [the runbook](docs/runbook.md) and `deploy/kong.yml`.\n\n```\n.\n├── compose.yaml\n├── flask\n│   └── server.py\n├── deploy\n│   └── nginx.conf\n└── README.md\n```\n',
      },
      finds: [
        { service: '-', says: 'README.md links to docs/runbook.md' },
        { service: '-', says: 'README.md names deploy/kong.yml' },
        { service: '-', says: 'README.md draws flask' },
      ],
    },
    {
      title: 'what is made later, lies in a container, or is no path',
      files: {
        'compose.yaml': 'services:\n  web:\n    image: nginx:1.27\n',
        'docs/guide.md':
          'See [the page of the site](/docs/api/account), [compose](../compose.yaml), [site](https://example.com/x), [top](#top).\n',
        'README.md':
          '# Shop\n\n[guide](docs/guide.md), [issues](../../issues), `/etc/nginx/nginx.conf`, `linux/amd64`, `dist/main.js`, `your/path.txt`, `grafana/grafana`.\n',
      },
      finds: [],
    },
  ],
}

/** Made by a build or a run, or put there by whoever follows the document. */
const made =
  /(?:^|\/)(?:dist|build|out|target|bin|obj|node_modules|vendor|logs?|data|tmp|cache|coverage|certs?|ssl|secrets?|backups?|\.next|\.venv|venv|__pycache__|\.git|\.keelson)(?:\/|$)|(?:^|\/)\.env[\w.-]*$|\.(?:env|log|pem|key|crt|jar|war|zip|tar|gz|exe|pid|sock|db|sqlite3?)$|example|your|path\/to|\.\.\.|xxx|foo|bar\b/i

const resolved = (path: string, from: string): string => {
  const clean = path.startsWith('/') ? path.slice(1) : posix.join(from, path)
  const normal = posix.normalize(clean).replace(/\/$/, '')
  return normal === '.' ? '' : normal
}

type Looked = 'there' | 'absent' | 'unknown'

const look = (
  { path, root, from: how, file }: ClaimOf<'path'>,
  from: string,
  { tree, folder }: System,
): Looked => {
  // A drawing is of the document's own folder; a path may be meant from the top.
  const folders =
    how === 'drawing'
      ? [from, ...(root === undefined ? [] : [posix.join(from, root)])]
      : [from, folder, '']
  const candidates = [...new Set(folders.map((at) => resolved(path, at)))]
  // Of a page that a site shows, `/` is the site; of a README it is the repository.
  if (how === 'link' && path.startsWith('/') && !/(?:^|\/)readme\./i.test(file)) {
    return candidates.some((one) => tree.has(one)) ? 'there' : 'unknown'
  }
  // GitHub's own pages: `../../issues`.
  if (candidates[0]?.startsWith('..') === true) return 'unknown'
  if (candidates.some((one) => tree.has(one) || tree.has(`${one}.md`))) return 'there'
  // On the disk of whoever wrote it, `README.md` and `readme.md` are one.
  if (candidates.some((one) => one.toLowerCase() === file.toLowerCase())) return 'there'
  if (candidates.some((one) => tree.isUnknown(one)) || made.test(path)) return 'unknown'
  if (how === 'link') return 'absent'
  if (how === 'drawing') return 'absent'
  // In code it may be a path of a container or an image: its folder must be one of ours, and it a file.
  const [top = ''] = path.replace(/^\.\//, '').split('/')
  const isOurs =
    /\.\w{1,10}$/.test(path) &&
    top !== '' &&
    !top.startsWith('.') &&
    [from, folder, ''].some((at) => tree.isFolder(posix.join(at, top)))
  return isOurs ? 'absent' : 'unknown'
}

/** A drawing of this folder: a third of what it shows on the first level is there. */
const isDrawingOurs = (
  claims: System['documents'][number]['claims'],
  from: string,
  system: System,
): boolean => {
  const first = claims.filter(
    (claim) => claim.kind === 'path' && claim.from === 'drawing' && !claim.path.includes('/'),
  )
  const there = first.filter(
    (claim) => claim.kind === 'path' && look(claim, from, system) === 'there',
  )
  return there.length > 0 && there.length * 3 >= first.length
}
