import { CommandRefused } from './connection.js';
import { byId, setText } from './dom.js';

/** Asks for a token, where the server wants one or a person wants to do more than watch. */
export class SignIn {
  readonly #dialog = byId('sign-in', HTMLDialogElement);
  readonly #form = byId('sign-in-form', HTMLFormElement);
  readonly #input = byId('token', HTMLInputElement);
  readonly #error = byId('token-error', HTMLElement);
  readonly #cancel = byId('sign-in-cancel', HTMLButtonElement);
  #required = false;

  /** @param show shows the token to the server, and rejects where it is refused */
  constructor(show: (token: string) => Promise<void>) {
    this.#cancel.addEventListener('click', () => this.close());
    this.#dialog.addEventListener('cancel', (event) => {
      if (this.#required) event.preventDefault();
    });
    this.#form.addEventListener('submit', async (event) => {
      event.preventDefault();
      this.#fail('');
      try {
        await show(this.#input.value.trim());
      } catch (error) {
        if (error instanceof CommandRefused && error.code === 'BAD_TOKEN') this.refuse();
        else this.#fail(`That did not work: ${error instanceof Error ? error.message : String(error)}.`);
      }
    });
  }

  /** @param required without a token nothing can be seen */
  open(required: boolean): void {
    this.#required = required;
    this.#cancel.hidden = required;
    if (this.#dialog.open) return;
    this.#fail('');
    this.#input.value = '';
    this.#dialog.showModal();
    this.#input.focus();
  }

  /** The token was wrong. */
  refuse(): void {
    this.#fail('The server does not know this token.');
    this.#input.select();
  }

  close(): void {
    this.#required = false;
    if (this.#dialog.open) this.#dialog.close();
  }

  #fail(text: string): void {
    setText(this.#error, text);
    this.#input.setAttribute('aria-invalid', String(text !== ''));
  }
}
