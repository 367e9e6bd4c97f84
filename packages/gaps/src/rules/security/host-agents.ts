import type { ServiceEvidence } from '../../systems/system.ts'

const watchers = new Set(['exporter', 'metrics', 'logs'])

/** Programs whose own manuals ask for the host: they watch it, give it a network, or run containers. */
const agents =
  /exporter|cadvisor|profiler|ebpf|beyla|falco|tetragon|netdata|node-problem|datadog\/agent|dd-agent|netfilter|fail2ban|iptables|firewall|keepalived|tailscale|wireguard|zerotier|netbird|dind|docker-in-docker|buildkit|gitlab-runner|smartctl|scrutiny|watchtower/

/** Programs that are found by broadcasts, or hand out addresses: a bridge between would cut them off. */
const discoverers =
  /(?:^|\/)(?:plex|plexinc|jellyfin|emby|embyserver|home-?assistant|homebridge|hass|avahi|dhcp\w*|dnsmasq|unifi|zigbee2mqtt|matter-server|pihole|snapserver|airsonic|roon)(?:[-/]|$)/

export const isHostAgent = ({ name, image, build, model }: ServiceEvidence): boolean =>
  watchers.has(image?.known?.kind ?? '') ||
  // Of a build only its names say what it is.
  agents.test(build === undefined ? nameOf(image) : `${name} ${model.image ?? ''}`)

export const isFoundByBroadcast = ({ image, build, model }: ServiceEvidence): boolean =>
  discoverers.test(build === undefined ? nameOf(image) : (model.image ?? ''))

const nameOf = (image: ServiceEvidence['image']): string => image?.name.toLowerCase() ?? ''
