import { useId, type ReactNode } from 'react'

type CardProps = { title: ReactNode; aside?: ReactNode; children: ReactNode; flush?: boolean }

/** A titled region of a page. `flush` lets tables and lists touch the edges. */
export const Card = ({ title, aside, children, flush = false }: CardProps) => {
  const id = useId()
  return (
    <section className="card" aria-labelledby={id}>
      <div className="card-head">
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      {flush ? children : <div className="card-body">{children}</div>}
    </section>
  )
}
