"""Hostile values for settings, and hostile words for the command line."""

from __future__ import annotations

ANY = (
    *"""
null [] {} [1,2] {a:1} ${nope} ${oc.env:NOPE} ??? '' x é 𝟙 日本 true ' [ } a,b 1,2 range(3)
choice() $( ${seed} a:b None 0x %s =
""".split(),
    "",
    "\\",
    '"',
    "\udcff",
    "a\nb",
    "\x1b[31m",
    "x" * 5000,
    "[" * 60,
)
"""Of every setting."""

WHOLE = (
    *"""
-1 0 1 2147483647 2147483648 -2147483649 4294967296 9223372036854775807 9223372036854775808
18446744073709551616 99999999999999999999 -99999999999999999999 1.5 nan inf 1e3 1e400 1_000 0x10
-0
""".split(),
    "1" + "0" * 400,
)
"""Of whole numbers."""

REAL = (
    *"""
-1 0 -0.0 nan inf -inf 1e400 1e308 -1e308 5e-324 1e18 9223372036854775808 0.5 2 1_0.5
""".split(),
    "1" + "0" * 400,
)
"""Of numbers."""

PATHS = (
    *"""
/ /dev/null /dev/full /proc/self/nope . .. ../../x taken/inside no/such/file ~ ~nobody/x
path:nim.py folder /dev/stdin /sys/x /dev/zero http://127.0.0.1:99999 ws://127.0.0.1:99999
ws://127.0.0.1:-1/x ws:// http:// ws://[::1 http://[ http://127.0.0.1:x/v1 http://é/
""".split(),
    "x" * 300,
    "/root/" + "y" * 250,
    "'a b'",
    "a/" * 2200,
    "ws://a b/c",
    "ws://" + "h" * 300,
    "http://\udcff/",
)
"""Of texts, most of which name files or servers."""

NAMES = (
    *"""
guest guest1 Guest,x a,b a|b |/forfeit a|/join\\x /forfeit !dice @x @!x ~x ‽x x@! [x] {x} x: x=1
123 ! - . é éa аbс A̴ ａｂｃ \u202ex plywise constructor __proto__ toString null,x x/y ../x
""".split(),
    "'a b'",
    "' x '",
    "'x\n|/forfeit'",
    "'x\r'",
    "'\x00'",
    "'/cancelchallenge x'",
    "y" * 18,
    "y" * 19,
    "y " * 30,
)
"""Of names of accounts, and of what is said to them."""

ADDRESSES = (
    *"""
ws://127.0.0.1 ws://127.0.0.1:9 ws://127.0.0.1:0/x ws://127.0.0.1:65536/x wss://127.0.0.1:9/x
http://127.0.0.1:9/showdown https://127.0.0.1:9/action.php ftp://127.0.0.1/x 127.0.0.1:9
//127.0.0.1:9 ws:127.0.0.1 ws:///x ws://@/x ws://u:p@127.0.0.1:9/x ws://127.0.0.1:9/x#y
ws://127.0.0.1:9/%zz?a=\x1b ws://127.0.0.1:9/é ws://[::1]:9/x ws://[::1%25lo]:9/x ws://127.1:9/x
ws://0.0.0.0:9/x ws://localhost:9/x ws://no-such-host.invalid/x ws://xn--/x ws://-/x ws://.:9/x
ws://..:9/x http://127.0.0.1:9/action.php?act=x http://u@127.0.0.1:9/ file:///etc/passwd
javascript:1 data:,x WS://127.0.0.1:9/X ws://127.0.0.1:9\\x ws://127.0.0.1:٩/x
""".split(),
    "'ws://127.0.0.1:9/x y'",
    "'ws://127.0.0.1:9/x\r\nHost: y'",
    "ws://127.0.0.1:9/" + "x" * 5000,
    "ws://" + "a." * 200 + "invalid/x",
)
"""Of addresses of servers and login servers."""

AGENTS = (
    *"""
[random] [random,random] [{name:search,seconds:[1]},random] [{name:search,seconds:inf},random]
[{name:search,search:{worlds:[1]}},random] [{name:search,search:{seconds:true}},random]
[{name:search,search:{table_bits:1.5}},random] [{name:search,search:{table_bits:null}},random]
[{name:search,search:{1:2}},random] [{name:search,iterations:1.5},random]
[{name:search,iterations:99999999999999999999},random] [{name:search,label:[1]},random]
[{name:search,label:''},random] [[random],search] [{name:search,search:3},random]
[{name:search,llm:{trust:x}},random] [{name:llm_search,llm:{trust:nan}},random]
[{name:llm_search,llm:{guides:x}},random] [1,2] [null,random] [{},{}] [{name:null},random]
[{name:search,label:1},random] [{name:hunter,fleets:1.5},random]
[{name:search,max_depth:true},random] 3 random [{name:search,search:{seconds:-1}},random]
[{name:search,search:{exploration:nan}},random] [{name:search,search:{table_bits:[20]}},random]
[{name:search,search:{all_values:3}},random] [random,{name:search,label:random}]
[{name:search,search:{iterations:1e400}},random]
""".split(),
    "[{name:\x1b[31m},random]",
)
"""Of lists of agents."""

HYDRA = (
    *"""
hydra.run.dir=/dev/null/x hydra.run.dir=/proc/x hydra.run.dir=taken hydra.run.dir=taken/x
hydra.run.dir='' hydra.run.dir=null hydra.run.dir=[1] hydra.run.dir=/sys/x hydra.job.name=a/b
hydra.job.name='' hydra.job_logging.root.level=NOPE hydra.job_logging=nope hydra.mode=x
hydra.launcher=nope hydra.sweeper=nope hydra.output_subdir=/dev/null/x hydra.output_subdir=''
hydra.output_subdir=null hydra/launcher=joblib hydra.run.dir='${nope}'
hydra.run.dir='${now:%Qé}' hydra.job.chdir=true
hydra.job_logging.handlers.file.filename=/dev/null/x hydra.job.env_set={1:2}
hydra.searchpath=[file:///nope] hydra.searchpath=[x] hydra.searchpath=3
hydra.callbacks={a:{_target_:nope.Nope}} hydra.callbacks=x hydra=x hydra={} hydra.verbose=x
hydra.verbose=[nope] ~hydra ~hydra.run.dir hydra.job_logging={} hydra.job_logging.version=9
hydra.run.dir='a:☃' hydra.job.config_name=x hydra.job.override_dirname=x
hydra.overrides.task=[x] hydra.runtime=x hydra.help=x hydra.sweep.dir=/dev/null/x
hydra.sweep.subdir=/dev/null/x
""".split(),
    "hydra.run.dir=" + "x" * 300,
    "hydra.run.dir='a\\b'",
    "hydra.run.dir=\udcff",
)
"""Hydra's own settings."""

GARBAGE = (
    *"""
= == =x + ++ ~ ~x +x=1 ++x=1 -- - --- -x --cfg --cfg=x -c --info --info=x --resolve --run
--package --package=x --config-dir --config-dir=/nope --config-dir=/dev/null --config-name=x
--config-path=x --multirun -m -sc --shell-completion --hydra-help --experimental-rerun=x a.b.c=1
.=1 ..=1 a..b=1 @ @=1 a@b=1 game@x=othello game= game=[othello,gomoku] game=null game=../x
game=path: game=path:/ game=path:/dev/zero/x.py game=path:taken game=openspiel:
game=openspiel:nope game=gen9: game=gen9:nope game=gen9:doublesou game=gen9 game=plugin
search=null search={} search=x llm= llm={} llm=[] agent=null
agent=[] game.name=othello game.name=nope game.name='' search.name=mcts search.name=x llm.name=x
agent.name=x agent.name=random 🙂=1 ' a=' a={ a=[ a={b: {} [] null a=b=c @x %s * ? $HOME ${x}
seed=${seed} seed=${oc.env:X} seed=${oc.decode:x} seed=${hydra:job.id} seed=${.} seed=${
seed=1,2 seed=glob(*) seed=sort(3,1) --help=x -h=x --version -V help --seed --jobs --jobs=
--jobs=x --what 1 0 -1 nan ~seed ~search ~llm ~game ~agents +seed=1 ++seed=x +game.x=1
++search.x=1 +agent.search.x=1 search.habit=2 agent.search.habit=x agent.search=1
agent.search=[1] agent.llm=1 agent.search={seconds:[1]} agent.search={worlds:x}
agent.search={a:{b:1}} agent.llm={trust:x} agent.llm={trust:[1]} agent.llm={max_calls:1.5}
agent.search.seconds=inf agent.search.iterations=99999999999999999999
agent.search.max_depth=true agent.label=[1] game.options={a:1} game.fleet=[] game.fleet=[0]
game.fleet=[99999999999999999999] game.fleet=[-1] game.fleet=[1.5] game.fleet=[null]
game.fleet=[[1]]
""".split(),
    "--cfg job",
    "x y=1",
    "game=\udcff",
    "\x00",
    "a=\x00",
    "seed='\udcff'",
    '"',
    'a="',
    "[" * 200,
    "a=" + "[" * 2000,
    "a=" + "(" * 500,
    "x" * 100000,
    "seed=1 2",
    "seed=1\n",
    "\\",
    "-m seed=range(1,2)",
    "-m seed=x,y",
    "-m seed=interval(0,1)",
    "-m seed=",
    "a b c",
)
"""Words that are no setting, or are one of another command."""
