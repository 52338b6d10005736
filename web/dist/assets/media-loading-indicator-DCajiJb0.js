import{S as e,_ as t,d as n,h as r,l as i,m as a,n as o,o as s,x as c}from"./server-safe-globals-BPZS4ejs.js";import{r as l}from"./i18n-CRTkV9oO.js";var u=(e,t,n)=>{if(!t.has(e))throw TypeError(`Cannot `+n)},d=(e,t,n)=>(u(e,t,`read from private field`),n?n.call(e):t.get(e)),f=(e,t,n)=>{if(t.has(e))throw TypeError(`Cannot add the same private member more than once`);t instanceof WeakSet?t.add(e):t.set(e,n)},p=(e,t,n,r)=>(u(e,t,`write to private field`),r?r.call(e,n):t.set(e,n),n),m,h,g={LOADING_DELAY:`loadingdelay`,NO_AUTOHIDE:`noautohide`},_=500,v=`
<svg aria-hidden="true" viewBox="0 0 100 100">
  <path d="M73,50c0-12.7-10.3-23-23-23S27,37.3,27,50 M30.9,50c0-10.5,8.5-19.1,19.1-19.1S69.1,39.5,69.1,50">
    <animateTransform
       attributeName="transform"
       attributeType="XML"
       type="rotate"
       dur="1s"
       from="0 50 50"
       to="360 50 50"
       repeatCount="indefinite" />
  </path>
</svg>
`;function y(t){return`
    <style>
      :host {
        display: var(--media-control-display, var(--media-loading-indicator-display, inline-block));
        vertical-align: middle;
        box-sizing: border-box;
        --_loading-indicator-delay: var(--media-loading-indicator-transition-delay, ${_}ms);
      }

      #status {
        color: rgba(0,0,0,0);
        width: 0px;
        height: 0px;
      }

      :host slot[name=icon] > *,
      :host ::slotted([slot=icon]) {
        opacity: var(--media-loading-indicator-opacity, 0);
        transition: opacity 0.15s;
      }

      :host([${e.MEDIA_LOADING}]:not([${e.MEDIA_PAUSED}])) slot[name=icon] > *,
      :host([${e.MEDIA_LOADING}]:not([${e.MEDIA_PAUSED}])) ::slotted([slot=icon]) {
        opacity: var(--media-loading-indicator-opacity, 1);
        transition: opacity 0.15s var(--_loading-indicator-delay);
      }

      :host #status {
        visibility: var(--media-loading-indicator-opacity, hidden);
        transition: visibility 0.15s;
      }

      :host([${e.MEDIA_LOADING}]:not([${e.MEDIA_PAUSED}])) #status {
        visibility: var(--media-loading-indicator-opacity, visible);
        transition: visibility 0.15s var(--_loading-indicator-delay);
      }

      svg, img, ::slotted(svg), ::slotted(img) {
        width: var(--media-loading-indicator-icon-width);
        height: var(--media-loading-indicator-icon-height, 100px);
        fill: var(--media-icon-color, var(--media-primary-color, rgb(238 238 238)));
        vertical-align: middle;
      }
    </style>

    <slot name="icon">${v}</slot>
    <div id="status" role="status" aria-live="polite">${l(`media loading`)}</div>
  `}var b=class extends o.HTMLElement{constructor(){if(super(),f(this,m,void 0),f(this,h,_),!this.shadowRoot){this.attachShadow(this.constructor.shadowRootOptions);let e=a(this.attributes);this.shadowRoot.innerHTML=this.constructor.getTemplateHTML(e)}}static get observedAttributes(){return[c.MEDIA_CONTROLLER,e.MEDIA_PAUSED,e.MEDIA_LOADING,g.LOADING_DELAY]}attributeChangedCallback(e,t,n){var r,i,a,o;e===g.LOADING_DELAY&&t!==n?this.loadingDelay=Number(n):e===c.MEDIA_CONTROLLER&&(t&&((i=(r=d(this,m))?.unassociateElement)==null||i.call(r,this),p(this,m,null)),n&&this.isConnected&&(p(this,m,this.getRootNode()?.getElementById(n)),(o=(a=d(this,m))?.associateElement)==null||o.call(a,this)))}connectedCallback(){var e,t;let n=this.getAttribute(c.MEDIA_CONTROLLER);n&&(p(this,m,this.getRootNode()?.getElementById(n)),(t=(e=d(this,m))?.associateElement)==null||t.call(e,this))}disconnectedCallback(){var e,t;(t=(e=d(this,m))?.unassociateElement)==null||t.call(e,this),p(this,m,null)}get loadingDelay(){return d(this,h)}set loadingDelay(e){p(this,h,e);let{style:t}=i(this.shadowRoot,`:host`);t.setProperty(`--_loading-indicator-delay`,`var(--media-loading-indicator-transition-delay, ${e}ms)`)}get mediaPaused(){return s(this,e.MEDIA_PAUSED)}set mediaPaused(t){r(this,e.MEDIA_PAUSED,t)}get mediaLoading(){return s(this,e.MEDIA_LOADING)}set mediaLoading(t){r(this,e.MEDIA_LOADING,t)}get mediaController(){return n(this,c.MEDIA_CONTROLLER)}set mediaController(e){t(this,c.MEDIA_CONTROLLER,e)}get noAutohide(){return s(this,g.NO_AUTOHIDE)}set noAutohide(e){r(this,g.NO_AUTOHIDE,e)}};m=new WeakMap,h=new WeakMap,b.shadowRootOptions={mode:`open`},b.getTemplateHTML=y,o.customElements.get(`media-loading-indicator`)||o.customElements.define(`media-loading-indicator`,b);var x=b;export{g as Attributes,x as default};