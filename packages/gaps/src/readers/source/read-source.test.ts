import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createSourceReader, sourceLimits } from './read-source.ts'
import { settingsReader } from './settings.ts'

/** What the code of each language says, in small sources: `NAME`, `NAME=default`, `NAME!`, `NAME?`. */

const readOne = async (file: string, text: string) => {
  const reader = [createSourceReader(), settingsReader].find(({ wants }) => wants(file))
  const facts = await reader?.read(file, text)
  const { source } = facts ?? {}
  return {
    source,
    notes: facts?.notes ?? [],
    reads: (source?.reads ?? []).map((read) => {
      const mark = read.isRequired ? '!' : read.isOptional === true ? '?' : ''
      return read.name + (read.default === undefined ? mark : `=${read.default}`)
    }),
    listens: (source?.listens ?? []).map(
      ({ port, variable }) => `${port ?? '-'} ${variable ?? '-'}`,
    ),
    serves: (source?.serves ?? []).map(({ method, path }) => `${method ?? '*'} ${path}`),
    contacts: (source?.contacts ?? []).map(
      ({ scheme, host, port, variable }) =>
        `${scheme}://${host}:${port ?? ''}${variable === undefined ? '' : ` (${variable})`}`,
    ),
    metrics: (source?.metrics ?? []).map(({ name }) => name),
  }
}

type Table = readonly (readonly [source: string, ...expected: string[]])[]

const check = (
  file: string,
  what: 'reads' | 'listens' | 'serves' | 'contacts' | 'metrics',
  table: Table,
) => {
  for (const [source, ...expected] of table) {
    test(`${what}: ${source.replaceAll('\n', ' ⏎ ').slice(0, 90)}`, async () => {
      assert.deepEqual((await readOne(file, source))[what], expected)
    })
  }
}

describe('JavaScript', () => {
  check('src/a.js', 'reads', [
    ["const a = process.env.A_URL || 'x'", 'A_URL=x'],
    ["const a = process.env['A_URL'] ?? 5", 'A_URL=5'],
    ['connect(process.env.A_URL)', 'A_URL'],
    ["const { A, B: b, C = 'x' } = process.env", 'A', 'B', 'C=x'],
    ['const a = process.env.A\nif (!a) throw new Error("A")', 'A!'],
    ['const a = process.env.A\nif (!a) warn()', 'A?'],
    ['if (process.env.A === "1") go()', 'A?'],
    ['const a = process.env.A ? 1 : 2', 'A?'],
    ['const a = parseInt(process.env.A ?? "500", 10)', 'A=500'],
    ['// process.env.A\nconst s = "process.env.B"'],
    ['const a = process.env[name]'],
  ])
  check('src/a.js', 'listens', [
    ['app.listen(3000)', '3000 -'],
    ['const port = process.env.PORT || 3000\napp.listen(port, () => log(port))', '3000 PORT'],
    ['http.createServer(app).listen(process.env.PORT)', '- PORT'],
    ['server.listen({ port: 8080, host: "0.0.0.0" })', '8080 -'],
    ['emitter.listen("event", f)'],
    ['run({ port: 3000 })'],
  ])
  check('src/a.js', 'serves', [
    ["app.get('/users/:id', (req, res) => res.end())", 'GET /users/:id'],
    ["router.route('/x').get(handle)", '* /x'],
    ["fastify.route({ method: 'GET', url: '/y', handler })", '* /y'],
    ["axios.get('/x'); client.get('/y', () => 1); app.get('setting')"],
  ])
  check('src/a.js', 'contacts', [
    ["fetch('http://catalogue:8080/x')", 'http://catalogue:8080'],
    ["const u = process.env.API ?? 'http://api:80'", 'http://api:80 (API)'],
    ['fetch(`http://${process.env.CART || "cart"}:8080/x`)', 'http://cart:8080 (CART)'],
    ["// fetch('http://old:80')\nconsole.log('http://localhost:3000')"],
    ["fetch('https://example.com'); const x = { href: 'http://foo.bar' }"],
    ["log('see http://a:1')"],
  ])
  check('src/a.js', 'metrics', [
    ["import c from 'prom-client'\nnew c.Counter({ name: 'hits_total', help: 'x' })", 'hits_total'],
    ["new Counter({ name: 'hits_total' })"],
    ["new Counter({ name: 'hits_total', help: 'of our own class' })", 'hits_total'],
  ])
})

describe('TypeScript', () => {
  check('src/a.ts', 'reads', [
    ['const a = process.env.A as string', 'A'],
    ['const a: string = process.env.A!', 'A'],
    ['const v = import.meta.env.VITE_A', 'VITE_A'],
    [
      "z.object({ DB_URL: z.string().url(), LEVEL: z.string().default('info'), DSN: z.string().optional() }).parse(process.env)",
      ...['DB_URL!', 'LEVEL=info', 'DSN?'],
    ],
  ])
  check('src/a.ts', 'serves', [["app.get<Q>('/typed', async () => 1)", 'GET /typed']])
  check('src/a.tsx', 'contacts', [
    ['const a = <a href="http://docs.site:80">x</a>'],
    ["const u = 'http://api:1'", 'http://api:1'],
  ])
})

describe('Python', () => {
  check('app/a.py', 'reads', [
    ['import os\nx = os.environ["A"]', 'A!'],
    ['x = os.environ.get("A", "b")', 'A=b'],
    ['x = os.getenv("A")', 'A'],
    ['x = os.getenv("A") or "redis"', 'A=redis'],
    ['x = os.getenv("A")\nif x is None:\n    raise E()', 'A!'],
    ['x = env("SECRET_KEY", default="s")', 'SECRET_KEY=s'],
    [
      'class S(BaseSettings):\n    db_url: str\n    port: int = 8000\n    token: Optional[str] = None\n',
      ...['DB_URL!', 'PORT=8000', 'TOKEN?'],
    ],
    ['os.environ["A"] = "1"\ndel os.environ["B"]'],
    ['if os.environ.get("A") is not None:\n    raise E("old")', 'A?'],
    ['x = os.environ.get("A", None)', 'A?'],
    ['# os.environ["A"]\nfor k in os.environ: pass'],
  ])
  check('app/a.py', 'listens', [
    ['uvicorn.run(app, host="0.0.0.0", port=int(os.environ.get("PORT", "8080")))', '8080 PORT'],
    ['app = Flask(__name__)\napp.run(debug=True)', '5000 -'],
    ['subprocess.run(cmd)'],
    ['port = need("X")\nstart(\n    port=9\n)\nserver.add_insecure_port(f"[::]:{port}")'],
  ])
  check('app/a.py', 'serves', [
    ['router = APIRouter(prefix="/items")\n@router.get("/{id}")\ndef f(): pass', 'GET /items/{id}'],
    ['@app.route("/hello", methods=["POST"])\ndef f(): pass', 'POST /hello'],
    ['@cache.get("x")\ndef f(): pass'],
  ])
  check('app/a.py', 'contacts', [
    ["U = f\"http://{os.getenv('USER_HOST', 'user')}:8080/u\"", 'http://user:8080 (USER_HOST)'],
    ['x = os.getenv("R", "redis://cache:6379/0")', 'redis://cache:6379 (R)'],
    ['"""see http://docs:80"""'],
  ])
  check('app/a.py', 'metrics', [
    ['from prometheus_client import Counter\nC = Counter("hits", "x")', 'hits_total'],
    ['from collections import Counter\nC = Counter("hits")'],
    ['C = Counter("hits_total", "Hits of our own class")', 'hits_total'],
    ['from collections import Counter\nC = Counter("hits_total", other)'],
  ])
})

describe('Java', () => {
  const inClass = (body: string) => `class A { void f() { ${body} } }`
  check('src/A.java', 'reads', [
    [inClass('String a = System.getenv("A_KEY");'), 'A_KEY'],
    [inClass('String a = System.getenv().getOrDefault("A_KEY", "b");'), 'A_KEY=b'],
    [inClass('String a = Optional.ofNullable(System.getenv("A_KEY")).orElse("c");'), 'A_KEY=c'],
    ['class A { @Value("${DB_HOST:db}") String h; @Value("${app.key}") String k; }', 'DB_HOST=db'],
  ])
  check('src/A.java', 'serves', [
    [
      '@RestController @RequestMapping("/a") class A { @GetMapping("/{id}") X g() {} @PostMapping X p() {} }',
      ...['GET /a/{id}', 'POST /a'],
    ],
    ['@FeignClient("b") class A { @GetMapping("/b") X g() {} }'],
  ])
  check('src/main/resources/application.yml', 'listens', [
    ['server:\n  port: ${PORT:8081}\n', '8081 PORT'],
    ['server:\n  port: 9000 # own\n', '9000 SERVER_PORT'],
    ['management:\n  server:\n    port: 1\n'],
  ])
  check('src/main/resources/application.properties', 'reads', [
    ['spring.datasource.url=jdbc:mysql://${DB_HOST}/x\n#a=${OLD}\n', 'DB_HOST!'],
  ])
})

describe('Go', () => {
  const inMain = (body: string) => `package main\nfunc main() {\n${body}\n}\n`
  check('main.go', 'reads', [
    [inMain('x := os.Getenv("A")\nuse(x)'), 'A'],
    [inMain('x := os.Getenv("A")\nif x == "" {\n\tx = "80"\n}'), 'A=80'],
    [inMain('x := os.Getenv("A")\nif x == "" {\n\tlog.Fatal("A")\n}'), 'A!'],
    [inMain('x, ok := os.LookupEnv("A")'), 'A?'],
    [
      inMain('x := getEnv("DB_HOST", "db")\nmustMapEnv(&y, "CART_ADDR")'),
      'DB_HOST=db',
      'CART_ADDR!',
    ],
    [
      'package a\ntype C struct {\n\tPort string `env:"APP_PORT" envDefault:"80"`\n}\n',
      'APP_PORT=80',
    ],
    [
      'package a\ntype C struct {\n\tA string `env:"A,required"`\n\tB int `env-required:"true" yaml:"b" env:"B"`\n}\n',
      ...['A!', 'B?'],
    ],
  ])
  check('main.go', 'listens', [
    [inMain('http.ListenAndServe(":8080", nil)'), '8080 -'],
    [
      inMain(
        'port := os.Getenv("PORT")\nif port == "" {\n\tport = "80"\n}\nhttp.ListenAndServe(":"+port, nil)',
      ),
      '80 PORT',
    ],
    [inMain('http.ListenAndServe(fmt.Sprintf(":%s", os.Getenv("PORT")), nil)'), '- PORT'],
    [inMain('s := &http.Server{Addr: ":9090"}\nr.Run(":8081")\ncmd.Run("ls")'), '9090 -', '8081 -'],
  ])
  check('main.go', 'serves', [
    [
      inMain('mux.HandleFunc("GET /items/{id}", h)\nr.POST("/x", h)\nhttp.Get("/no")'),
      'GET /items/{id}',
      'POST /x',
    ],
  ])
  check('main.go', 'metrics', [
    [
      inMain('prometheus.NewCounter(prometheus.CounterOpts{Namespace: "shop", Name: "x_total"})'),
      'shop_x_total',
    ],
  ])
})

describe('C#', () => {
  check('src/Program.cs', 'reads', [
    ['var x = Environment.GetEnvironmentVariable("A_ADDR") ?? "redis:6379";', 'A_ADDR=redis:6379'],
    [
      'var y = Environment.GetEnvironmentVariable("B");\nif (string.IsNullOrEmpty(y)) { throw new E(); }',
      'B!',
    ],
  ])
  check('src/Program.cs', 'serves', [
    ['app.MapGet("/cart/{id}", () => 1);', 'GET /cart/{id}'],
    [
      '[Route("api/[controller]")] public class OrdersController { [HttpGet("{id}")] public int G() => 1; }',
      'GET /api/Orders/{id}',
    ],
  ])
  check('src/Program.cs', 'listens', [['builder.WebHost.UseUrls("http://*:5005");', '5005 -']])
  check('src/Program.cs', 'metrics', [
    ['var c = Metrics.CreateCounter("jobs_total", "x");', 'jobs_total'],
  ])
})

describe('what is read', () => {
  test('tests, examples and build scripts are told apart by their path', async () => {
    const isTest = async (file: string) => (await readOne(file, 'process.env.A')).source?.isTest
    for (const file of [
      'src/a.test.ts',
      'test/a.js',
      'vite.config.ts',
      'examples/x/a.js',
      'e2e/a.ts',
    ]) {
      assert.equal(await isTest(file), true, file)
    }
    for (const file of ['src/a.ts', 'src/latest/a.js', 'contest/a.ts', 'src/config.ts']) {
      assert.equal(await isTest(file), false, file)
    }
  })

  test('a place is exact, also behind characters of several bytes', async () => {
    const { source } = await readOne('src/a.js', '\n/* ü 🚢 */ const ü = "🚢", a = process.env.A\n')
    assert.deepEqual(
      source?.reads.map(({ line, column }) => ({ line, column })),
      [{ line: 2, column: 32 }],
    )
  })

  test('a file that reads by names it makes up says so', async () => {
    assert.equal((await readOne('a.js', 'const a = process.env[name]')).source?.readsOthers, true)
    assert.equal((await readOne('a.js', 'const a = process.env.A')).source?.readsOthers, undefined)
  })

  test('generated files are not wanted', () => {
    const { wants } = createSourceReader()
    for (const file of ['dist/a.js', 'a.min.js', 'a.pb.go', 'a_pb2.py', 'a.d.ts', 'a.rb']) {
      assert.equal(wants(file), false, file)
    }
  })

  test('files beyond the limits are told, once', async () => {
    const text = `process.env.A // ${'x'.repeat(100)}`
    const large = createSourceReader({ ...sourceLimits, fileSizeLimitBytes: 50 })
    assert.match(String((await large.read('a.js', text))?.notes?.[0]?.why), /more than 50 bytes/)
    const full = createSourceReader({ ...sourceLimits, parsedBytesMax: 150 })
    assert.equal((await full.read('a.js', text))?.source?.reads.length, 1)
    assert.match(String((await full.read('b.js', text))?.notes?.[0]?.why), /not read/)
    assert.equal(await full.read('c.js', text), undefined)
    // A file without a word of interest costs nothing and is read to its end.
    assert.deepEqual((await full.read('d.js', 'x'))?.source?.reads, [])
  })

  test('a file made of names to look up ends', async () => {
    const names = Array.from({ length: 2000 }, (_, index) => `app.listen(p${index % 50})`)
    const text = `${'// filler filler\n'.repeat(15_000)}const p0 = p1\nconst p1 = p0\n${names.join('\n')}`
    assert.deepEqual((await readOne('a.js', text)).listens, [])
  })

  test('text that is no program, and nesting without end, are no fault', async () => {
    for (const file of ['a.js', 'a.ts', 'a.tsx', 'a.py', 'A.java', 'a.go', 'a.cs']) {
      const { source } = await readOne(
        file,
        `${'('.repeat(20_000)} process.env.A os.environ["A"] getenv("A")`,
      )
      assert.ok(source !== undefined, file)
    }
  })
})
