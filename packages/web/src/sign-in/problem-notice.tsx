import { Icon } from '../ui/icon.tsx'

type About = 'sign-in' | 'link'

/** Why a provider did not lead in, by the code it came back with. */
const words: Record<About, Record<string, string>> = {
  'sign-in': {
    sign_in_refused:
      'The provider said no, or no account here belongs to you there. Ask an administrator for one.',
    account_disabled: 'Your account is disabled. Ask an administrator to enable it.',
    name_taken:
      'Your name at the provider belongs to another account here. If it is yours, sign in with its password or passkey and link the provider under Your account.',
    challenge_invalid: 'It took too long, or was begun in another browser. Begin again.',
    provider_unusable:
      'The provider did not answer as it should. Try again; if it stays so, tell an administrator.',
    sign_in_delayed: 'There were too many attempts. Wait a minute, then try again.',
  },
  link: {
    sign_in_refused: 'The provider said no. Sign in there as yourself, and allow it.',
    name_taken: 'That account at the provider is linked to somebody else here.',
    challenge_invalid: 'It took too long, or was begun in another browser. Begin again.',
    provider_unusable:
      'The provider did not answer as it should. Try again; if it stays so, tell an administrator.',
  },
}
const others: Record<About, string> = {
  'sign-in': 'The provider did not lead in. Try again, or sign in another way.',
  link: 'Try again; if it stays so, tell an administrator.',
}
const titles: Record<About, string> = {
  'sign-in': 'You are not signed in',
  link: 'The provider is not linked',
}

export const ProblemNotice = ({ code, about }: { code: string; about: About }) => (
  <div className="notice is-degraded" role="alert">
    <Icon name="degraded" />
    <div>
      <p className="notice-title">{titles[about]}</p>
      <p>{Object.hasOwn(words[about], code) ? words[about][code] : others[about]}</p>
    </div>
  </div>
)
