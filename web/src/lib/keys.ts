/** takesText reports whether a key pressed on this element belongs to it as text, so that no shortcut may take it. */
export function takesText(at: EventTarget | null): boolean {
  const field = (at as HTMLElement | null)?.closest?.('input, textarea, select, [contenteditable]');
  return field !== null && field !== undefined && !(field instanceof HTMLInputElement && (field.type === 'checkbox' || field.type === 'radio'));
}

/** grab gives the keyboard to a field as it appears, whatever had it: what was pressed to open it may still be there. */
export function grab(field: HTMLElement): void {
  field.focus();
}
