import{m as e,n as t,x as n}from"./server-safe-globals-BPZS4ejs.js";var r=(e,t,n)=>{if(!t.has(e))throw TypeError(`Cannot `+n)},i=(e,t,n)=>(r(e,t,`read from private field`),n?n.call(e):t.get(e)),a=(e,t,n)=>{if(t.has(e))throw TypeError(`Cannot add the same private member more than once`);t instanceof WeakSet?t.add(e):t.set(e,n)},o=(e,t,n,i)=>(r(e,t,`write to private field`),i?i.call(e,n):t.set(e,n),n),s;function c(e){return`
    <style>
      :host {
        
        box-sizing: border-box;
        display: var(--media-control-display, var(--media-control-bar-display, inline-flex));
        color: var(--media-text-color, var(--media-primary-color, rgb(238 238 238)));
        --media-loading-indicator-icon-height: 44px;
      }

      ::slotted(media-time-range),
      ::slotted(media-volume-range) {
        min-height: 100%;
      }

      ::slotted(media-time-range),
      ::slotted(media-clip-selector) {
        flex-grow: 1;
      }

      ::slotted([role="menu"]) {
        position: absolute;
      }
    </style>

    <slot></slot>
  `}var l=class extends t.HTMLElement{constructor(){if(super(),a(this,s,void 0),!this.shadowRoot){this.attachShadow(this.constructor.shadowRootOptions);let t=e(this.attributes);this.shadowRoot.innerHTML=this.constructor.getTemplateHTML(t)}}static get observedAttributes(){return[n.MEDIA_CONTROLLER]}attributeChangedCallback(e,t,r){var a,c,l,u;e===n.MEDIA_CONTROLLER&&(t&&((c=(a=i(this,s))?.unassociateElement)==null||c.call(a,this),o(this,s,null)),r&&this.isConnected&&(o(this,s,this.getRootNode()?.getElementById(r)),(u=(l=i(this,s))?.associateElement)==null||u.call(l,this)))}connectedCallback(){var e,t;let r=this.getAttribute(n.MEDIA_CONTROLLER);r&&(o(this,s,this.getRootNode()?.getElementById(r)),(t=(e=i(this,s))?.associateElement)==null||t.call(e,this))}disconnectedCallback(){var e,t;(t=(e=i(this,s))?.unassociateElement)==null||t.call(e,this),o(this,s,null)}};s=new WeakMap,l.shadowRootOptions={mode:`open`},l.getTemplateHTML=c,t.customElements.get(`media-control-bar`)||t.customElements.define(`media-control-bar`,l);var u=l;export{u as default};