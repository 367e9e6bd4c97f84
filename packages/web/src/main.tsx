import './styles/mantine.css'
import './styles/tokens.css'
import './styles/base.css'
import { MantineProvider } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { createRoot } from 'react-dom/client'
import { createCache } from './api/cache.ts'
import { createAppRouter } from './router.ts'
import { rememberPlace } from './sign-in/return-to.ts'
import { keepFocus } from './ui/kept-focus.ts'
import { theme } from './ui/theme.tsx'

const cache = createCache({
  onUnauthenticated: () => {
    rememberPlace(window.location)
    void router.navigate({ to: '/sign-in', replace: true })
  },
})
const router = createAppRouter(cache)

const root = document.querySelector('#root')
if (root === null) throw new Error('index.html has no #root')

keepFocus()

// The kit's generated <style> elements are off: all its variables are in styles/tokens.css, which
// is what lets the page run under the policy style-src 'self'.
createRoot(root).render(
  <MantineProvider
    theme={theme}
    defaultColorScheme="auto"
    withCssVariables={false}
    withGlobalClasses={false}
  >
    <QueryClientProvider client={cache}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </MantineProvider>,
)
