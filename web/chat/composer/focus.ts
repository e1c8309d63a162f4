/** Where the focus goes when the button that had it leaves the page with what it did. */
export function focusComposer(): void {
  // On a touch screen the keyboard would jump up over what the reader came to see.
  if (matchMedia("(pointer: fine)").matches) document.getElementById("composer")?.focus({ preventScroll: true });
}
