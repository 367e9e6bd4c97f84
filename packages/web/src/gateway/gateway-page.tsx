import { PartsPage } from '../ui/parts-page.tsx'
import './gateway.css'

const parts = [
  { to: '/gateway', text: 'Routes' },
  { to: '/gateway/upstreams', text: 'Upstreams' },
  { to: '/gateway/consumers', text: 'Consumers' },
  { to: '/gateway/cache', text: 'Cache' },
  { to: '/gateway/certificates', text: 'Certificates' },
  { to: '/gateway/configuration', text: 'Configuration' },
] as const

/** The gateway, a page for each of its sides. */
export const GatewayPage = () => <PartsPage title="Gateway" parts={parts} />
