import{t as e}from"./media-chrome-button-DK4cXBbV.js";import{C as t,S as n,_ as r,d as i,n as a}from"./server-safe-globals-BPZS4ejs.js";import{r as o}from"./i18n-CRTkV9oO.js";var s=`<svg aria-hidden="true" viewBox="0 0 24 24">
  <path d="M16.5 12A4.5 4.5 0 0 0 14 8v2.18l2.45 2.45a4.22 4.22 0 0 0 .05-.63Zm2.5 0a6.84 6.84 0 0 1-.54 2.64L20 16.15A8.8 8.8 0 0 0 21 12a9 9 0 0 0-7-8.77v2.06A7 7 0 0 1 19 12ZM4.27 3 3 4.27 7.73 9H3v6h4l5 5v-6.73l4.25 4.25A6.92 6.92 0 0 1 14 18.7v2.06A9 9 0 0 0 17.69 19l2 2.05L21 19.73l-9-9L4.27 3ZM12 4 9.91 6.09 12 8.18V4Z"/>
</svg>`,c=`<svg aria-hidden="true" viewBox="0 0 24 24">
  <path d="M3 9v6h4l5 5V4L7 9H3Zm13.5 3A4.5 4.5 0 0 0 14 8v8a4.47 4.47 0 0 0 2.5-4Z"/>
</svg>`,l=`<svg aria-hidden="true" viewBox="0 0 24 24">
  <path d="M3 9v6h4l5 5V4L7 9H3Zm13.5 3A4.5 4.5 0 0 0 14 8v8a4.47 4.47 0 0 0 2.5-4ZM14 3.23v2.06a7 7 0 0 1 0 13.42v2.06a9 9 0 0 0 0-17.54Z"/>
</svg>`;function u(e){return`
    <style>
      :host(:not([${n.MEDIA_VOLUME_LEVEL}])) slot[name=icon] slot:not([name=high]),
      :host([${n.MEDIA_VOLUME_LEVEL}=high]) slot[name=icon] slot:not([name=high]) {
        display: none !important;
      }

      :host([${n.MEDIA_VOLUME_LEVEL}=off]) slot[name=icon] slot:not([name=off]) {
        display: none !important;
      }

      :host([${n.MEDIA_VOLUME_LEVEL}=low]) slot[name=icon] slot:not([name=low]) {
        display: none !important;
      }

      :host([${n.MEDIA_VOLUME_LEVEL}=medium]) slot[name=icon] slot:not([name=medium]) {
        display: none !important;
      }

      :host(:not([${n.MEDIA_VOLUME_LEVEL}=off])) slot[name=tooltip-unmute],
      :host([${n.MEDIA_VOLUME_LEVEL}=off]) slot[name=tooltip-mute] {
        display: none;
      }
    </style>

    <slot name="icon">
      <slot name="off">${s}</slot>
      <slot name="low">${c}</slot>
      <slot name="medium">${c}</slot>
      <slot name="high">${l}</slot>
    </slot>
  `}function d(){return`
    <slot name="tooltip-mute">${o(`Mute`)}</slot>
    <slot name="tooltip-unmute">${o(`Unmute`)}</slot>
  `}var f=e=>{let t=e.mediaVolumeLevel===`off`?o(`unmute`):o(`mute`);e.setAttribute(`aria-label`,t)},p=class extends e{static get observedAttributes(){return[...super.observedAttributes,n.MEDIA_VOLUME_LEVEL]}connectedCallback(){super.connectedCallback(),f(this)}attributeChangedCallback(e,t,r){super.attributeChangedCallback(e,t,r),e===n.MEDIA_VOLUME_LEVEL&&f(this)}get mediaVolumeLevel(){return i(this,n.MEDIA_VOLUME_LEVEL)}set mediaVolumeLevel(e){r(this,n.MEDIA_VOLUME_LEVEL,e)}handleClick(){let e=this.mediaVolumeLevel===`off`?t.MEDIA_UNMUTE_REQUEST:t.MEDIA_MUTE_REQUEST;this.dispatchEvent(new a.CustomEvent(e,{composed:!0,bubbles:!0}))}};p.getSlotTemplateHTML=u,p.getTooltipContentHTML=d,a.customElements.get(`media-mute-button`)||a.customElements.define(`media-mute-button`,p);var m=p;export{m as default};