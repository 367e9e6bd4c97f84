import type { System } from '../../systems/system.ts'
import { isThere, join, mayBeMade, type Wrong } from './command-paths.ts'
import { allServices } from './documents.ts'

const composeOptions =
  /^(?:-f|--file|-p|--project-name|--profile|--env-file|--project-directory|--ansi|--progress|--parallel)$/
const verbs =
  /^(?:up|start|stop|restart|logs|exec|run|build|pull|push|rm|kill|pause|unpause|create|top|port|attach|cp|events|images|ps|stats|watch|wait|scale)$/
const verbOptions =
  /^(?:-e|--env|-u|--user|-w|--workdir|-t|--timeout|--tail|-n|--since|--until|--scale|--index|--entrypoint|--name|-p|--publish|-v|--volume|-l|--label|--build-arg|--format|--filter|--pull|--wait-timeout|--exit-code-from|--attach|--no-attach|-s|--signal|--cap-add|--progress|-m|--memory|--ssh|--builder)$/

/** Files, profiles and services that a compose command names. */
export const judgeCompose = (
  words: readonly string[],
  where: string,
  system: System,
): Wrong | undefined => {
  let index = 0
  let isOther = false
  for (; index < words.length && words[index]?.startsWith('-') === true; index += 1) {
    const [option = '', inline] = (words[index] ?? '').split('=', 2)
    if (!composeOptions.test(option)) continue
    const value = inline ?? words[(index += 1)] ?? ''
    if (option === '-f' || option === '--file') {
      isOther = true
      if (
        value !== '-' &&
        /\.ya?ml$/.test(value) &&
        !value.startsWith('/') &&
        !isThere(value, where, system) &&
        !mayBeMade(value, system)
      ) {
        return { what: `${value} is not there`, file: join(where, value) }
      }
    }
    if (option === '--project-directory') return undefined
    if (option === '--profile') {
      const wrong = judgeProfile(value, system)
      if (wrong !== undefined && !isOther) return wrong
    }
  }
  const verb = words[index] ?? ''
  if (
    !verbs.test(verb) ||
    isOther ||
    where !== system.folder ||
    /^(?:cp|events|scale|ps)$/.test(verb)
  )
    return undefined
  return judgeServices(verb, words.slice(index + 1), system)
}

const judgeProfile = (profile: string, system: System): Wrong | undefined => {
  const profiles = [...allServices(system).values()].flatMap(({ model }) => model.profiles)
  return profile === '*' || profile.includes(',') || profiles.includes(profile)
    ? undefined
    : {
        what: `no service has the profile ${profile}`,
        file: system.files[0] ?? '',
        at: system.place('services'),
      }
}

/** `up a b` names services; `exec` and `run` name one, and what follows is for inside. */
const judgeServices = (
  verb: string,
  words: readonly string[],
  system: System,
): Wrong | undefined => {
  const services = allServices(system)
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? ''
    if (verbOptions.test(word)) index += 1
    if (word.startsWith('-')) continue
    // Output and prose are taken for a command at times: a name of a service has this form.
    if (!/^[a-z0-9][\w.-]*$/.test(word) || /^\d+$/.test(word)) return undefined
    if (verbOptions.test(words[index - 1] ?? '')) continue
    if (!services.has(word)) {
      return {
        what: `no service is called ${word}`,
        file: system.files[0] ?? '',
        at: system.place('services'),
      }
    }
    if (verb === 'exec' || verb === 'run') return undefined
  }
  return undefined
}
