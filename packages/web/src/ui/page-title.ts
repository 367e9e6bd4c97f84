import { useEffect } from 'react'

/** Names the browser tab after the page, and after Keelson once. */
export const usePageTitle = (title: string): void => {
  useEffect(() => {
    document.title = title.includes('Keelson') ? title : `${title} · Keelson`
  }, [title])
}
