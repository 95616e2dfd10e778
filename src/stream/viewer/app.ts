import type { Box } from '../../common/index.js';
import type { PreviewHeader, ServerMessage } from '../protocol/index.js';
import type { ConnectionState } from './connection.js';
import { byId, setText } from './dom.js';
import { EditBar } from './edit-bar.js';
import { Editing } from './editing.js';
import { keyAction } from './keys.js';
import { MarksPanel } from './marks-panel.js';
import { Notices } from './notices.js';
import type { DrawnTarget } from './overlay.js';
import { Player } from './player.js';
import { Session } from './session.js';
import { savedToken, saveSettings, saveToken, settings } from './settings.js';
import { SignIn } from './sign-in.js';
import { Stage } from './stage.js';
import { Status } from './status.js';
import { StreamsPanel } from './streams-panel.js';
import { TargetsPanel } from './targets-panel.js';
import { eventText } from './words.js';

/** Points of a target's way that are drawn. */
const TRAIL = 50;
/** Milliseconds between two renderings of what changes all the time. */
const REFRESH = 200;

/** The page: what the session knows, shown; what a person does, passed on. */
export class App {
  readonly #notices = new Notices();
  readonly #session: Session;
  readonly #stage: Stage;
  readonly #editing: Editing;
  readonly #editBar: EditBar;
  readonly #player: Player;
  readonly #streams: StreamsPanel;
  readonly #targets: TargetsPanel;
  readonly #marks: MarksPanel;
  readonly #status = new Status();
  readonly #signIn: SignIn;
  #wasLost = false;

  constructor() {
    const notices = this.#notices;
    this.#session = new Session(
      {
        onState: (state) => this.#onState(state),
        onChange: () => this.#render(),
        onPicture: (header, picture) => this.#onPicture(header, picture),
        onThumbnail: (stream, picture) => this.#streams.thumbnail(stream, picture),
        onEvent: (event) => this.#onEvent(event),
      },
      savedToken(),
    );
    this.#stage = new Stage(
      {
        targets: (header) => this.#drawn(header),
        marks: (header) => this.#editing.marksOn(header),
        get purpose() {
          return editing.title;
        },
        get mayDraw() {
          return editing.mayDraw;
        },
      },
      {
        onDrawn: () => this.#editing.drawn(),
        onEdit: () => this.#renderEdit(),
        onConfirm: () => void this.#editing.confirm(),
        onSelect: (id) => this.#select(id),
        onKey: (event) => this.#onKey(event),
      },
    );
    const editing = new Editing(this.#session, this.#stage, notices, {
      nameOf: (target) => this.#nameOf(target),
      typedName: () => this.#editBar.name,
      onChange: () => this.#render(),
      onDone: () => this.#editBar.forgetName(),
    });
    this.#editing = editing;
    this.#editBar = new EditBar({
      onConfirm: () => void editing.confirm(),
      onCancel: () => {
        editing.cancel();
        this.#stage.focus();
      },
      onBox: (box) => this.#stage.place(box),
    });
    this.#player = new Player({
      onPause: () => this.#pause(),
      onSeek: (seconds) => editing.seek({ seconds }),
      onStep: (frames) => {
        const { header } = this.#stage.shown ?? {};
        if (header) editing.seek({ frame: Math.max(0, header.frame + frames) });
      },
    });
    this.#streams = new StreamsPanel((stream) => this.#choose(stream));
    this.#targets = new TargetsPanel({
      onSelect: (id) => this.#select(this.#session.view?.selected === id ? undefined : id),
      onRedraw: (id) => editing.redraw(id),
      onRename: (id, name) => this.#rename(id, name),
      onRemove: (id) => editing.remove(id),
    });
    this.#marks = new MarksPanel(
      {
        onGoTo: (mark) => {
          this.#choose(mark.stream);
          editing.seek({ frame: mark.frame });
        },
        onChange: (marks) => editing.setMarks(marks),
      },
      () => editing.marks,
    );
    this.#signIn = new SignIn(async (token) => {
      await this.#session.connection.authenticate(token);
      saveToken(token);
    });
    this.#wire();
  }

  start(): void {
    this.#session.connection.connect();
    setInterval(() => this.#refresh(), REFRESH);
    this.#render();
  }

  #wire(): void {
    const { connection } = this.#session;
    const on = (id: string, does: () => void) => byId(id, HTMLButtonElement).addEventListener('click', does);
    on('retry', () => connection.connect());
    on('sign-in-open', () => this.#signIn.open(false));
    on('new-box', () => this.#editing.begin());
    const help = byId('help', HTMLDialogElement);
    on('help-open', () => help.showModal());
    on('help-close', () => help.close());
    window.addEventListener('online', () => {
      if (this.#session.state.kind === 'waiting') connection.connect();
    });
    for (const name of ['adjust', 'trails'] as const) {
      const box = byId(name, HTMLInputElement);
      box.checked = settings[name];
      box.addEventListener('change', () => {
        settings[name] = box.checked;
        saveSettings();
        this.#stage.draw();
      });
    }
    for (const mode of ['follow', 'mark'] as const)
      byId(`mode-${mode}`, HTMLInputElement).addEventListener('change', () => this.#editing.setMode(mode));
    const form = byId('add-stream', HTMLFormElement);
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      const [name, source] = ['add-stream-name', 'add-stream-source'].map((id) => byId(id, HTMLInputElement));
      const command = { type: 'addStream' as const, stream: name.value.trim(), source: source.value.trim() };
      if (await this.#editing.send(command)) form.reset();
    });
    new ResizeObserver(() => {
      this.#session.width = Math.round(this.#stage.width * (window.devicePixelRatio || 1));
    }).observe(byId('stage', HTMLElement));
  }

  #onState(state: ConnectionState): void {
    if (state.kind === 'waiting' && !this.#wasLost) {
      this.#wasLost = true;
      this.#notices.say('The connection to the server was lost. The page connects again by itself');
    }
    if (state.kind === 'open') {
      if (this.#wasLost) this.#notices.info('The connection is back');
      this.#wasLost = false;
      this.#signIn.close();
    }
    if (state.kind === 'token') {
      saveToken(undefined);
      this.#signIn.open(true);
      if (state.refused) this.#signIn.refuse();
    }
    this.#render();
  }

  #onPicture(header: PreviewHeader, picture: ImageBitmap): void {
    const { view, clock } = this.#session;
    const now = Date.now();
    view?.pictures.add(now, clock.now(now) - header.time);
    this.#stage.offer({ header, picture });
    byId('waiting', HTMLElement).hidden = true;
  }

  #onEvent(event: Extract<ServerMessage, { type: 'target' | 'stream' }>): void {
    const text = eventText(event, (target) => this.#nameOf(target, event.stream));
    if (text === undefined) return;
    const bad = event.type === 'stream' ? event.event === 'error' : event.reason === 'failed';
    if (bad) this.#notices.error(text);
    else this.#notices.say(text);
  }

  #onKey(event: KeyboardEvent): void {
    const { view } = this.#session;
    const act = keyAction(event.key);
    if (!act) return;
    event.preventDefault();
    switch (act) {
      case 'new':
        this.#editing.begin();
        break;
      case 'pause':
        this.#pause();
        break;
      case 'cancel':
        this.#editing.cancel();
        break;
      case 'remove':
        if (view?.selected !== undefined) this.#editing.remove(view.selected);
        break;
      case 'redraw':
        if (view?.selected !== undefined) this.#editing.redraw(view.selected, true);
        break;
      default: {
        const ids = view?.targets.map(({ id }) => id) ?? [];
        if (ids.length === 0) return;
        const place = ids.indexOf(view?.selected ?? '');
        const next = act === 'next' ? place + 1 : place < 0 ? ids.length - 1 : place - 1 + ids.length;
        this.#select(ids[next % ids.length]);
      }
    }
  }

  #pause(): void {
    const { view, mayControl } = this.#session;
    if (view?.info.kind === 'file' && mayControl) this.#editing.pause(view.info.state !== 'paused');
    else this.#stage.held = !this.#stage.held;
    this.#render();
  }

  #choose(stream: string): void {
    if (stream === this.#session.view?.name) return;
    this.#editing.cancel();
    this.#stage.clear();
    byId('waiting', HTMLElement).hidden = false;
    this.#session.choose(stream);
  }

  #select(id: string | undefined): void {
    const { view } = this.#session;
    if (!view) return;
    view.selected = id;
    const target = id === undefined ? undefined : view.target(id);
    if (target) this.#notices.say(`${this.#nameOf(target)} is selected, ${target.state}`);
    this.#stage.draw();
    this.#render();
  }

  #rename(id: string, name: string): void {
    const stream = this.#session.view?.name;
    if (stream === undefined) return;
    if (name === '') delete settings.names[`${stream}/${id}`];
    else settings.names[`${stream}/${id}`] = name;
    saveSettings();
    this.#stage.draw();
    this.#render();
  }

  #nameOf(
    { id, label }: { readonly id: string; readonly label?: string | undefined },
    stream = this.#session.view?.name,
  ): string {
    return settings.names[`${stream}/${id}`] ?? label ?? id;
  }

  /** The targets of a picture: only what was computed on its very frame. */
  #drawn({ frame }: PreviewHeader): DrawnTarget[] {
    const { view } = this.#session;
    if (!view) return [];
    return view.tracks.on(frame).map((target) => {
      const track = view.tracks.get(target.id);
      const lost = track?.lostSince(frame);
      return {
        ...target,
        name: this.#nameOf(target),
        colour: view.colours.of(target.id),
        selected: view.selected === target.id,
        trail: settings.trails ? (track?.upTo(frame, TRAIL) ?? []) : [],
        lostFor: lost && (target.time - lost.time) / 1000,
      };
    });
  }

  #renderEdit(): void {
    const { title, action, named } = this.#editing;
    const { waiting, editor } = this.#stage;
    const box: Box | undefined = editor.held ? undefined : waiting?.box;
    this.#editBar.render(box, title, action, named);
    document.body.classList.toggle('editing', editor.kind !== 'idle');
  }

  /** What changes when something happens. */
  #render(): void {
    const { view, state, role, mayControl, addStream } = this.#session;
    const open = state.kind === 'open';
    document.body.dataset.connection = state.kind;
    document.body.dataset.mode = this.#editing.mode;
    this.#marks.render(this.#editing.marks);
    byId('banner', HTMLElement).hidden =
      state.kind !== 'waiting' && !(state.kind === 'connecting' && this.#wasLost);
    byId('sign-in-open', HTMLElement).hidden = !(open && role === 'watch');
    byId('role', HTMLElement).hidden = !(open && role === 'watch');
    byId('add-stream', HTMLElement).hidden = !(mayControl && addStream);
    byId('mode', HTMLElement).hidden = view?.info.kind !== 'file' && this.#editing.mode === 'follow';
    byId(`mode-${this.#editing.mode}`, HTMLInputElement).checked = true;
    setText(byId('instruction', HTMLElement), this.#editing.instruction);
    document.title = view ? `${view.name} · siamtrack` : 'siamtrack';
    this.#refresh();
    this.#renderEdit();
  }

  /** What changes all the time. */
  #refresh(): void {
    const { streams, view, state, role, mayControl } = this.#session;
    this.#streams.render(streams, view?.name, state.kind === 'open');
    const control = role !== 'control' ? 'none' : mayControl ? 'on' : 'off';
    this.#targets.render(view, (target) => this.#nameOf(target), control);
    this.#player.render(view, this.#stage.held, control);
    const { shown, held, editor } = this.#stage;
    byId('new-box', HTMLButtonElement).disabled = !this.#editing.mayDraw || shown === undefined;
    const holding = held || editor.kind !== 'idle';
    setText(
      byId('held', HTMLElement),
      holding ? 'picture held' : this.#editing.sending > 0 ? 'sending…' : '',
    );
    this.#status.render(this.#session, shown?.header, (target) => this.#nameOf(target));
  }
}
