import { Option, type Command } from 'commander'
import type { Add, Handle } from './options.ts'

const gapsHelp = `
Reads the folder (this one unless named) and runs nothing of it: no server, no database, no start.

  keelson gaps                                 what is missing, wrong or untrue here
  keelson gaps --live                          and what runs, in Keelson or else in Docker
  keelson gaps --format sarif --output gaps.sarif
  keelson gaps --write-baseline                take what is there now as known
  keelson gaps --fix                           mend what takes no decision; asks before it writes
  keelson gaps --fix --yes --rule health       the same for some rules, without asking
  keelson gaps --fix --dry-run --json          the diff of each file, and what is left alone and why
  keelson gaps diff main                       only what the changes since main bring
  keelson gaps rules health/no-check           why a rule is there, and how to close such a gap

--fix keeps comments and style, and proves each change before it writes: the repository is audited
with it, the finding has to be gone, nothing new may appear, and of the compose model nothing else
may change. What is a decision (keelson gaps rules: "when asked") takes the rule's name with --rule.
Each file is written as a whole, and all or none of them unless the command is killed meanwhile;
secrets are masked in what is shown.

With --fix: 0 written, nothing to write, or --dry-run; 7 there is something to write and nobody said
yes (no terminal and no --yes, or the answer was no); 2 bad input, or a file cannot be written.

Exit codes: 0 nothing at or above --fail-on, 7 findings, 2 bad input (an option, a folder without
compose files, .keelson/gaps.yaml, a revision, --live where nothing can be seen running).`

const formats = ['pretty', 'json', 'sarif', 'junit', 'github', 'markdown', 'html']

const collect = (value: string, before: readonly string[] = []): string[] => [...before, value]

/** The audit of a repository, and the list of what it looks for. */
export const addGapsCommands = (add: Add, handle: Handle): void => {
  const gaps = addAuditOptions(
    withoutStackOptions(
      add(
        'gaps',
        'what is missing, wrong or untrue in a repository; needs no platform',
        '--file <path>',
      ),
    ),
  )
    .argument('[path]', 'folder of the repository; this one unless named')
    .option('--live', 'hold the files against what runs, in Keelson or else in Docker')
    .option('--write-baseline', 'write what is found now to the baseline')
    .option('--fix', 'mend what can be mended: shows the diff, asks, writes')
    .option('--finding <fingerprint>', 'with --fix: only this finding (repeatable)', collect)
    .option('-y, --yes', 'with --fix: write without asking')
    .option('--dry-run', 'with --fix: only show the diff')
    .addHelpText('after', gapsHelp)
    .action(handle(async () => (await import('../commands/gaps.ts')).gaps))

  addAuditOptions(
    withoutStackOptions(
      add('diff', 'only what the changes since a revision bring', '--file <path>', gaps),
    ),
  )
    .argument('<revision>', 'a branch, tag or commit')
    .argument('[path]', 'folder of the repository; this one unless named')
    .action(handle(async () => (await import('../commands/gaps-diff.ts')).gapsDiff))

  withoutStackOptions(add('rules', 'list the rules, or explain one', '--file <path>', gaps))
    .argument('[id]', 'a rule or a family')
    .action(handle(async () => (await import('../commands/gaps-rules.ts')).gapsRules))
}

const stackOptions = ['--file', '--project-name', '--stack', '--profile']

/** They name one stack; an audit is of all that a folder has, and refuses them. */
const withoutStackOptions = (command: Command): Command => {
  for (const option of command.options) {
    if (stackOptions.includes(option.long ?? '')) option.hideHelp()
  }
  return command
}

const addAuditOptions = (command: Command): Command =>
  command
    .addOption(
      new Option('--format <format>', 'how to print it').choices(formats).default('pretty'),
    )
    .option('--rule <id>', 'only this rule or family (repeatable)', collect)
    .addOption(
      new Option('--fail-on <severity>', 'end with 7 from this severity on (error)').choices([
        ...['error', 'warning', 'never'],
      ]),
    )
    .option('-o, --output <path>', 'write to a file')
    .option('--baseline <path>', 'findings that are known (.keelson/gaps-baseline.json)')
