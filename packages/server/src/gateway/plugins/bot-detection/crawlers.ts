/**
 * Names of programs that crawl, fetch previews or are libraries, in lower case, without a version.
 * A user agent is one of them when it holds the name at the border of a word. Kong's list comes
 * from ua-parser/uap-core; this one is our own and names the same families.
 */
const names = [
  // Search engines and archives
  ...['googlebot', 'google-inspectiontool', 'adsbot-google', 'mediapartners-google', 'apis-google'],
  ...['bingbot', 'bingpreview', 'msnbot', 'adidxbot', 'slurp', 'yahooseeker', 'duckduckbot'],
  ...['baiduspider', 'baidumobaider', 'yandexbot', 'yandeximages', 'yandexmobilebot', 'yeti'],
  ...['sogou', 'exabot', 'qwantify', 'qwantbot', 'seznambot', 'applebot', 'petalbot', 'coccocbot'],
  ...['ia_archiver', 'archive.org_bot', 'internetarchive', 'heritrix', 'nutch', 'ccbot', 'daumoa'],
  ...['mojeekbot', 'gigabot', 'ichiro', 'voilabot', 'teoma', 'ask jeeves', 'altavista', 'lycos'],
  // Previews and feeds
  ...['facebookexternalhit', 'facebookbot', 'meta-externalagent', 'twitterbot', 'linkedinbot'],
  ...['slackbot', 'slackbot-linkexpanding', 'slack-imgproxy', 'telegrambot', 'discordbot'],
  ...['whatsapp', 'pinterestbot', 'redditbot', 'embedly', 'skypeuripreview', 'feedbin', 'feedly'],
  ...['netvibes', 'newsgator', 'tiny tiny rss', 'simplepie', 'bloglovin', 'feedfetcher-google'],
  // Rankings, monitors and scanners
  ...['ahrefsbot', 'semrushbot', 'mj12bot', 'dotbot', 'rogerbot', 'blexbot', 'dataforseobot'],
  ...['screaming frog', 'seokicks', 'serpstatbot', 'barkrowler', 'pingdom.com_bot_version_'],
  ...['uptimerobot', 'statuscake', 'catchpoint', 'gomezagent', 'ptst', 'site24x7', 'masscan'],
  ...[
    'whatweb',
    'nikto',
    'sqlmap',
    'zgrab',
    'nuclei',
    'wpscan',
    'netcraftsurveyagent',
    'censysinspect',
  ],
  // Collectors for language models
  ...['gptbot', 'chatgpt-user', 'oai-searchbot', 'claudebot', 'anthropic-ai', 'perplexitybot'],
  ...['bytespider', 'amazonbot', 'cohere-ai', 'diffbot', 'imagesiftbot', 'google-extended'],
  // Libraries and tools
  ...['google-http-java-client', 'apache-httpclient', 'go-http-client', 'scalaj-http', 'okhttp'],
  ...['python-urllib', 'aihttp', 'reqwest', 'axios', 'winhttp', 'httpmonitor', 'tlsprober'],
  ...['jnlp', 'unirest-java', 'unirest-python', 'unirest-ruby', 'unirest-nodejs', 'unirest-php'],
  ...['unirest-net', 'http%20client', 'boto', 'boto3', 's3fs', 'jets3t', 'aws-cli', 'scrapy'],
  ...['aws-sdk-cpp', 'aws-sdk-go', 'aws-sdk-java', 'aws-sdk-nodejs', 'aws-sdk-ruby', 'wotbox'],
  ...[
    'fetchurl',
    'grub-client',
    'larbin',
    'htdig',
    'webzip',
    'url2png',
    'msiecrawler',
    'wordpress',
  ],
] as const

/** Words that say it themselves, wherever they are. */
const telling = ['spider', 'scrape', 'crawl'] as const

/** Words that say it when a version follows: `Examplebot/1.0`, `Some archiver 2`. */
const versioned = ['bot', 'archiver', 'indexer', 'scraper', 'spider', 'crawler'] as const

/** Whether a user agent is a known or a self-confessed crawler. Linear in its length. */
export const isCrawler = (userAgent: string): boolean => {
  const text = userAgent.toLowerCase()
  return (
    telling.some((word) => text.includes(word)) ||
    versioned.some((word) => isVersioned(text, word)) ||
    names.some((name) => isNamed(text, name))
  )
}

const isNamed = (text: string, name: string): boolean => {
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1)) {
    if (!isLetter(text.charCodeAt(at - 1)) && !isLetter(text.charCodeAt(at + name.length))) {
      return true
    }
  }
  return false
}

/** CUBOT makes phones: `CUBOT X9 Build/…` has no version behind a blank or slash. */
const isVersioned = (text: string, word: string): boolean => {
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1)) {
    const end = at + word.length
    const border = text[end]
    if ((border === '/' || border === ' ' || border === '-') && isDigit(text.charCodeAt(end + 1))) {
      return true
    }
  }
  return false
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39

/** NaN, beyond either end, is none. */
const isLetter = (code: number): boolean => code >= 0x61 && code <= 0x7a
