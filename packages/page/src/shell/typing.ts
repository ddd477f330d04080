/** A key that goes into a field, or to a dialog, is nobody else's. */
export function isTyping({ target }: Event): boolean {
  return (
    target instanceof HTMLElement && target.closest('input:not([type=checkbox]), textarea, select, dialog') !== null
  );
}
