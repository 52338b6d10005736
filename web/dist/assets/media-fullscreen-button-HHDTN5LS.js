import{t as e}from"./media-chrome-button-DK4cXBbV.js";import{C as t,S as n,_ as r,d as i,h as a,n as o,o as s}from"./server-safe-globals-BPZS4ejs.js";import{r as c}from"./i18n-CRTkV9oO.js";var l=(e,t,n)=>{if(!t.has(e))throw TypeError(`Cannot `+n)},u=(e,t,n)=>(l(e,t,`read from private field`),n?n.call(e):t.get(e)),d=(e,t,n)=>{if(t.has(e))throw TypeError(`Cannot add the same private member more than once`);t instanceof WeakSet?t.add(e):t.set(e,n)},f=(e,t,n,r)=>(l(e,t,`write to private field`),r?r.call(e,n):t.set(e,n),n),p,m=`<svg aria-hidden="true" viewBox="0 0 26 24">
  <path d="M16 3v2.5h3.5V9H22V3h-6ZM4 9h2.5V5.5H10V3H4v6Zm15.5 9.5H16V21h6v-6h-2.5v3.5ZM6.5 15H4v6h6v-2.5H6.5V15Z"/>
</svg>`,h=`<svg aria-hidden="true" viewBox="0 0 26 24">
  <path d="M18.5 6.5V3H16v6h6V6.5h-3.5ZM16 21h2.5v-3.5H22V15h-6v6ZM4 17.5h3.5V21H10v-6H4v2.5Zm3.5-11H4V9h6V3H7.5v3.5Z"/>
</svg>`;function g(e){return`
    <style>
      :host([${n.MEDIA_IS_FULLSCREEN}]) slot[name=icon] slot:not([name=exit]) {
        display: none !important;
      }

      
      :host(:not([${n.MEDIA_IS_FULLSCREEN}])) slot[name=icon] slot:not([name=enter]) {
        display: none !important;
      }

      :host([${n.MEDIA_IS_FULLSCREEN}]) slot[name=tooltip-enter],
      :host(:not([${n.MEDIA_IS_FULLSCREEN}])) slot[name=tooltip-exit] {
        display: none;
      }
    </style>

    <slot name="icon">
      <slot name="enter">${m}</slot>
      <slot name="exit">${h}</slot>
    </slot>
  `}function _(){return`
    <slot name="tooltip-enter">${c(`Enter fullscreen mode`)}</slot>
    <slot name="tooltip-exit">${c(`Exit fullscreen mode`)}</slot>
  `}var v=e=>{let t=e.mediaIsFullscreen?c(`exit fullscreen mode`):c(`enter fullscreen mode`);e.setAttribute(`aria-label`,t)},y=class extends e{constructor(){super(...arguments),d(this,p,null)}static get observedAttributes(){return[...super.observedAttributes,n.MEDIA_IS_FULLSCREEN,n.MEDIA_FULLSCREEN_UNAVAILABLE]}connectedCallback(){super.connectedCallback(),v(this)}attributeChangedCallback(e,t,r){super.attributeChangedCallback(e,t,r),e===n.MEDIA_IS_FULLSCREEN&&v(this)}get mediaFullscreenUnavailable(){return i(this,n.MEDIA_FULLSCREEN_UNAVAILABLE)}set mediaFullscreenUnavailable(e){r(this,n.MEDIA_FULLSCREEN_UNAVAILABLE,e)}get mediaIsFullscreen(){return s(this,n.MEDIA_IS_FULLSCREEN)}set mediaIsFullscreen(e){a(this,n.MEDIA_IS_FULLSCREEN,e)}handleClick(e){f(this,p,e);let n=u(this,p)instanceof PointerEvent,r=this.mediaIsFullscreen?new o.CustomEvent(t.MEDIA_EXIT_FULLSCREEN_REQUEST,{composed:!0,bubbles:!0}):new o.CustomEvent(t.MEDIA_ENTER_FULLSCREEN_REQUEST,{composed:!0,bubbles:!0,detail:n});this.dispatchEvent(r)}};p=new WeakMap,y.getSlotTemplateHTML=g,y.getTooltipContentHTML=_,o.customElements.get(`media-fullscreen-button`)||o.customElements.define(`media-fullscreen-button`,y);var b=y;export{b as default};