import{l as e,m as t,n,x as r}from"./server-safe-globals-BPZS4ejs.js";import{r as i}from"./i18n-CRTkV9oO.js";import{n as a}from"./utils-BIdtyx27.js";var o=(e,t,n)=>{if(!t.has(e))throw TypeError(`Cannot `+n)},s=(e,t,n)=>(o(e,t,`read from private field`),n?n.call(e):t.get(e)),c=(e,t,n)=>{if(t.has(e))throw TypeError(`Cannot add the same private member more than once`);t instanceof WeakSet?t.add(e):t.set(e,n)},l=(e,t,n,r)=>(o(e,t,`write to private field`),r?r.call(e,n):t.set(e,n),n),u;function d(e,t={}){return`
    <style>
      :host {
        font: var(--media-font,
          var(--media-font-weight, normal)
          var(--media-font-size, 14px) /
          var(--media-text-content-height, var(--media-control-height, 24px))
          var(--media-font-family, helvetica neue, segoe ui, roboto, arial, sans-serif));
        color: var(--media-text-color, var(--media-primary-color, rgb(238 238 238)));
        background: var(--media-text-background, var(--media-control-background, var(--media-secondary-color, rgb(20 20 30 / .7))));
        padding: var(--media-control-padding, 10px);
        display: inline-flex;
        justify-content: center;
        align-items: center;
        vertical-align: middle;
        box-sizing: border-box;
        text-align: center;
        pointer-events: auto;
      }

      
      :host(:focus-visible) {
        box-shadow: var(--media-focus-box-shadow, inset 0 0 0 2px rgb(27 127 204 / .9));
        outline: 0;
      }

      
      :host(:where(:focus)) {
        box-shadow: none;
        outline: 0;
      }
    </style>

    ${this.getSlotTemplateHTML(e,t)}
  `}function f(e,t){return`
    <slot></slot>
  `}var p=class extends n.HTMLElement{constructor(){if(super(),c(this,u,void 0),!this.shadowRoot){this.attachShadow(this.constructor.shadowRootOptions);let e=t(this.attributes);this.shadowRoot.innerHTML=this.constructor.getTemplateHTML(e)}}static get observedAttributes(){return[r.MEDIA_CONTROLLER]}attributeChangedCallback(e,t,n){var i,a,o,c;e===r.MEDIA_CONTROLLER&&(t&&((a=(i=s(this,u))?.unassociateElement)==null||a.call(i,this),l(this,u,null)),n&&this.isConnected&&(l(this,u,this.getRootNode()?.getElementById(n)),(c=(o=s(this,u))?.associateElement)==null||c.call(o,this)))}connectedCallback(){var t,n;let{style:i}=e(this.shadowRoot,`:host`);i.setProperty(`display`,`var(--media-control-display, var(--${this.localName}-display, inline-flex))`);let a=this.getAttribute(r.MEDIA_CONTROLLER);a&&(l(this,u,this.getRootNode()?.getElementById(a)),(n=(t=s(this,u))?.associateElement)==null||n.call(t,this))}disconnectedCallback(){var e,t;(t=(e=s(this,u))?.unassociateElement)==null||t.call(e,this),l(this,u,null)}};u=new WeakMap,p.shadowRootOptions={mode:`open`},p.getTemplateHTML=d,p.getSlotTemplateHTML=f,n.customElements.get(`media-text-display`)||n.customElements.define(`media-text-display`,p);var m=[{singular:`hour`,plural:`hours`},{singular:`minute`,plural:`minutes`},{singular:`second`,plural:`seconds`}],h=(e,t)=>`${e} ${i(e===1?m[t].singular:m[t].plural)}`,g=e=>{if(!a(e))return``;let t=Math.abs(e),n=t!==e,r=new Date(0,0,0,0,0,t,0),o=[r.getHours(),r.getMinutes(),r.getSeconds()].map((e,t)=>e&&h(e,t)).filter(e=>e).join(`, `);return n?i(`{time} remaining`,{time:o}):t===0?h(0,2):o};function _(e,t){let n=!1;e<0&&(n=!0,e=0-e),e=e<0?0:e;let r=Math.floor(e%60),i=Math.floor(e/60%60),a=Math.floor(e/3600),o=Math.floor(t/60%60),s=Math.floor(t/3600);return(isNaN(e)||e===1/0)&&(a=i=r=`0`),a=a>0||s>0?a+`:`:``,i=((a||o>=10)&&i<10?`0`+i:i)+`:`,r=r<10?`0`+r:r,(n?`-`:``)+a+i+r}Object.freeze({length:0,start(e){let t=e>>>0;if(t>=this.length)throw new DOMException(`Failed to execute 'start' on 'TimeRanges': The index provided (${t}) is greater than or equal to the maximum bound (${this.length}).`);return 0},end(e){let t=e>>>0;if(t>=this.length)throw new DOMException(`Failed to execute 'end' on 'TimeRanges': The index provided (${t}) is greater than or equal to the maximum bound (${this.length}).`);return 0}});export{_ as n,p as r,g as t};