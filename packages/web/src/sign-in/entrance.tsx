import type { ReactNode } from 'react'
import keelsonIcon from '../assets/keelson.svg'
import { usePageTitle } from '../ui/page-title.ts'
import './sign-in.css'

/** What stands around the pages for people who are not signed in. */
export const Entrance = ({ title, children }: { title: string; children: ReactNode }) => {
  usePageTitle(title)
  return (
    <main className="sign-in">
      <div className="card sign-in-card">
        <div className="row">
          <img src={keelsonIcon} width={28} height={28} alt="" />
          <h1>{title}</h1>
        </div>
        {children}
      </div>
    </main>
  )
}
