import{t as e}from"./media-chrome-button-DK4cXBbV.js";import{C as t,S as n,h as r,n as i,o as a}from"./server-safe-globals-BPZS4ejs.js";import{r as o}from"./i18n-CRTkV9oO.js";var s=`<svg aria-hidden="true" viewBox="0 0 24 24">
  <path d="m6 21 15-9L6 3v18Z"/>
</svg>`,c=`<svg aria-hidden="true" viewBox="0 0 24 24">
  <path d="M6 20h4V4H6v16Zm8-16v16h4V4h-4Z"/>
</svg>`;function l(e){return`
    <style>
      :host([${n.MEDIA_PAUSED}]) slot[name=pause],
      :host(:not([${n.MEDIA_PAUSED}])) slot[name=play] {
        display: none !important;
      }

      :host([${n.MEDIA_PAUSED}]) slot[name=tooltip-pause],
      :host(:not([${n.MEDIA_PAUSED}])) slot[name=tooltip-play] {
        display: none;
      }
    </style>

    <slot name="icon">
      <slot name="play">${s}</slot>
      <slot name="pause">${c}</slot>
    </slot>
  `}function u(){return`
    <slot name="tooltip-play">${o(`Play`)}</slot>
    <slot name="tooltip-pause">${o(`Pause`)}</slot>
  `}var d=e=>{let t=e.mediaPaused?o(`play`):o(`pause`);e.setAttribute(`aria-label`,t)},f=class extends e{static get observedAttributes(){return[...super.observedAttributes,n.MEDIA_PAUSED,n.MEDIA_ENDED]}connectedCallback(){super.connectedCallback(),d(this)}attributeChangedCallback(e,t,r){super.attributeChangedCallback(e,t,r),(e===n.MEDIA_PAUSED||e===n.MEDIA_LANG)&&d(this)}get mediaPaused(){return a(this,n.MEDIA_PAUSED)}set mediaPaused(e){r(this,n.MEDIA_PAUSED,e)}handleClick(){let e=this.mediaPaused?t.MEDIA_PLAY_REQUEST:t.MEDIA_PAUSE_REQUEST;this.dispatchEvent(new i.CustomEvent(e,{composed:!0,bubbles:!0}))}};f.getSlotTemplateHTML=l,f.getTooltipContentHTML=u,i.customElements.get(`media-play-button`)||i.customElements.define(`media-play-button`,f);var p=f;export{f as MediaPlayButton,p as default};