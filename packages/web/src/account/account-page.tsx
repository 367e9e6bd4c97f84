import { PartsPage } from '../ui/parts-page.tsx'
import './account.css'

const parts = [
  { to: '/account', text: 'Profile' },
  { to: '/account/security', text: 'Security' },
  { to: '/account/tokens', text: 'Tokens and programs' },
] as const

/** One's own account, a page for each of its sides. */
export const AccountPage = () => <PartsPage title="Your account" parts={parts} />
