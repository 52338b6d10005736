import{S as e,_ as t,d as n,h as r,l as i,m as a,n as o,o as s,p as c,r as l,s as u,x as d}from"./server-safe-globals-BPZS4ejs.js";var f={PLACEMENT:`placement`,BOUNDS:`bounds`};function p(e){return`
    <style>
      :host {
        --_tooltip-background-color: var(--media-tooltip-background-color, var(--media-secondary-color, rgba(20, 20, 30, .7)));
        --_tooltip-background: var(--media-tooltip-background, var(--_tooltip-background-color));
        --_tooltip-arrow-half-width: calc(var(--media-tooltip-arrow-width, 12px) / 2);
        --_tooltip-arrow-height: var(--media-tooltip-arrow-height, 5px);
        --_tooltip-arrow-background: var(--media-tooltip-arrow-color, var(--_tooltip-background-color));
        position: relative;
        pointer-events: none;
        display: var(--media-tooltip-display, inline-flex);
        justify-content: center;
        align-items: center;
        box-sizing: border-box;
        z-index: var(--media-tooltip-z-index, 1);
        background: var(--_tooltip-background);
        color: var(--media-text-color, var(--media-primary-color, rgb(238 238 238)));
        font: var(--media-font,
          var(--media-font-weight, 400)
          var(--media-font-size, 13px) /
          var(--media-text-content-height, var(--media-control-height, 18px))
          var(--media-font-family, helvetica neue, segoe ui, roboto, arial, sans-serif));
        padding: var(--media-tooltip-padding, .35em .7em);
        border: var(--media-tooltip-border, none);
        border-radius: var(--media-tooltip-border-radius, 5px);
        filter: var(--media-tooltip-filter, drop-shadow(0 0 4px rgba(0, 0, 0, .2)));
        white-space: var(--media-tooltip-white-space, nowrap);
      }

      :host([hidden]) {
        display: none;
      }

      img, svg {
        display: inline-block;
      }

      #arrow {
        position: absolute;
        width: 0px;
        height: 0px;
        border-style: solid;
        display: var(--media-tooltip-arrow-display, block);
      }

      :host(:not([placement])),
      :host([placement="top"]) {
        position: absolute;
        bottom: calc(100% + var(--media-tooltip-distance, 12px));
        left: 50%;
        transform: translate(calc(-50% - var(--media-tooltip-offset-x, 0px)), 0);
      }
      :host(:not([placement])) #arrow,
      :host([placement="top"]) #arrow {
        top: 100%;
        left: 50%;
        border-width: var(--_tooltip-arrow-height) var(--_tooltip-arrow-half-width) 0 var(--_tooltip-arrow-half-width);
        border-color: var(--_tooltip-arrow-background) transparent transparent transparent;
        transform: translate(calc(-50% + var(--media-tooltip-offset-x, 0px)), 0);
      }

      :host([placement="right"]) {
        position: absolute;
        left: calc(100% + var(--media-tooltip-distance, 12px));
        top: 50%;
        transform: translate(0, -50%);
      }
      :host([placement="right"]) #arrow {
        top: 50%;
        right: 100%;
        border-width: var(--_tooltip-arrow-half-width) var(--_tooltip-arrow-height) var(--_tooltip-arrow-half-width) 0;
        border-color: transparent var(--_tooltip-arrow-background) transparent transparent;
        transform: translate(0, -50%);
      }

      :host([placement="bottom"]) {
        position: absolute;
        top: calc(100% + var(--media-tooltip-distance, 12px));
        left: 50%;
        transform: translate(calc(-50% - var(--media-tooltip-offset-x, 0px)), 0);
      }
      :host([placement="bottom"]) #arrow {
        bottom: 100%;
        left: 50%;
        border-width: 0 var(--_tooltip-arrow-half-width) var(--_tooltip-arrow-height) var(--_tooltip-arrow-half-width);
        border-color: transparent transparent var(--_tooltip-arrow-background) transparent;
        transform: translate(calc(-50% + var(--media-tooltip-offset-x, 0px)), 0);
      }

      :host([placement="left"]) {
        position: absolute;
        right: calc(100% + var(--media-tooltip-distance, 12px));
        top: 50%;
        transform: translate(0, -50%);
      }
      :host([placement="left"]) #arrow {
        top: 50%;
        left: 100%;
        border-width: var(--_tooltip-arrow-half-width) 0 var(--_tooltip-arrow-half-width) var(--_tooltip-arrow-height);
        border-color: transparent transparent transparent var(--_tooltip-arrow-background);
        transform: translate(0, -50%);
      }
      
      :host([placement="none"]) #arrow {
        display: none;
      }
    </style>
    <slot></slot>
    <div id="arrow"></div>
  `}var m=class extends o.HTMLElement{constructor(){if(super(),this.updateXOffset=()=>{if(!c(this,{checkOpacity:!1,checkVisibilityCSS:!1}))return;let e=this.placement;if(e===`left`||e===`right`){this.style.removeProperty(`--media-tooltip-offset-x`);return}let t=getComputedStyle(this),n=l(this,`#`+this.bounds)??u(this);if(!n)return;let{x:r,width:i}=n.getBoundingClientRect(),{x:a,width:o}=this.getBoundingClientRect(),s=a+o,d=r+i,f=t.getPropertyValue(`--media-tooltip-offset-x`),p=f?parseFloat(f.replace(`px`,``)):0,m=t.getPropertyValue(`--media-tooltip-container-margin`),h=m?parseFloat(m.replace(`px`,``)):0,g=a-r+p-h,_=s-d+p+h;g<0?this.style.setProperty(`--media-tooltip-offset-x`,`${g}px`):_>0?this.style.setProperty(`--media-tooltip-offset-x`,`${_}px`):this.style.removeProperty(`--media-tooltip-offset-x`)},!this.shadowRoot){this.attachShadow(this.constructor.shadowRootOptions);let e=a(this.attributes);this.shadowRoot.innerHTML=this.constructor.getTemplateHTML(e)}if(this.arrowEl=this.shadowRoot.querySelector(`#arrow`),Object.prototype.hasOwnProperty.call(this,`placement`)){let e=this.placement;delete this.placement,this.placement=e}}static get observedAttributes(){return[f.PLACEMENT,f.BOUNDS]}get placement(){return n(this,f.PLACEMENT)}set placement(e){t(this,f.PLACEMENT,e)}get bounds(){return n(this,f.BOUNDS)}set bounds(e){t(this,f.BOUNDS,e)}};m.shadowRootOptions={mode:`open`},m.getTemplateHTML=p,o.customElements.get(`media-tooltip`)||o.customElements.define(`media-tooltip`,m);var h=m,g=(e,t,n)=>{if(!t.has(e))throw TypeError(`Cannot `+n)},_=(e,t,n)=>(g(e,t,`read from private field`),n?n.call(e):t.get(e)),v=(e,t,n)=>{if(t.has(e))throw TypeError(`Cannot add the same private member more than once`);t instanceof WeakSet?t.add(e):t.set(e,n)},y=(e,t,n,r)=>(g(e,t,`write to private field`),r?r.call(e,n):t.set(e,n),n),b=(e,t,n)=>(g(e,t,`access private method`),n),x,S,C,w,T,E,D,O,k,A={TOOLTIP_PLACEMENT:`tooltipplacement`,DISABLED:`disabled`,NO_TOOLTIP:`notooltip`};function j(e,t={}){return`
    <style>
      :host {
        position: relative;
        font: var(--media-font,
          var(--media-font-weight, bold)
          var(--media-font-size, 14px) /
          var(--media-text-content-height, var(--media-control-height, 24px))
          var(--media-font-family, helvetica neue, segoe ui, roboto, arial, sans-serif));
        color: var(--media-text-color, var(--media-primary-color, rgb(238 238 238)));
        background: var(--media-control-background, var(--media-secondary-color, rgb(20 20 30 / .7)));
        padding: var(--media-button-padding, var(--media-control-padding, 10px));
        justify-content: var(--media-button-justify-content, center);
        display: inline-flex;
        align-items: center;
        vertical-align: middle;
        box-sizing: border-box;
        transition: background .15s linear;
        pointer-events: auto;
        cursor: var(--media-cursor, pointer);
        -webkit-tap-highlight-color: transparent;
      }

      
      :host(:focus-visible) {
        box-shadow: var(--media-focus-box-shadow, inset 0 0 0 2px rgb(27 127 204 / .9));
        outline: 0;
      }
      
      :host(:where(:focus)) {
        box-shadow: none;
        outline: 0;
      }

      :host(:hover) {
        background: var(--media-control-hover-background, rgba(50 50 70 / .7));
      }

      slot[name="icon"] {
        display: inline-flex;
        align-items: center;
      }

      svg, img, ::slotted(svg), ::slotted(img) {
        width: var(--media-button-icon-width);
        height: var(--media-button-icon-height, var(--media-control-height, 24px));
        transform: var(--media-button-icon-transform);
        transition: var(--media-button-icon-transition);
        fill: var(--media-icon-color, var(--media-primary-color, rgb(238 238 238)));
        vertical-align: middle;
        max-width: 100%;
        max-height: 100%;
        min-width: 100%;
      }

      media-tooltip {
        
        max-width: 0;
        overflow-x: clip;
        opacity: 0;
        transition: opacity .3s, max-width 0s 9s;
      }

      :host(:hover) media-tooltip,
      :host(:focus-visible) media-tooltip {
        max-width: 100vw;
        opacity: 1;
        transition: opacity .3s;
      }

      :host([notooltip]) slot[name="tooltip"] {
        display: none;
      }
    </style>

    ${this.getSlotTemplateHTML(e,t)}

    <slot name="tooltip">
      <media-tooltip part="tooltip" aria-hidden="true">
        <template shadowrootmode="${h.shadowRootOptions.mode}">
          ${h.getTemplateHTML({})}
        </template>
        <slot name="tooltip-content">
          ${this.getTooltipContentHTML(e)}
        </slot>
      </media-tooltip>
    </slot>
  `}function M(e,t){return`
    <slot></slot>
  `}function N(){return``}var P=class extends o.HTMLElement{constructor(){if(super(),v(this,C),v(this,O),v(this,x,void 0),this.preventClick=!1,this.tooltipEl=null,v(this,S,e=>{this.preventClick||this.handleClick(e),setTimeout(_(this,T),0)}),v(this,T,()=>{var e,t;(t=(e=this.tooltipEl)?.updateXOffset)==null||t.call(e)}),v(this,E,e=>{let{key:t}=e;this.keysUsed.includes(t)?this.preventClick||this.handleClick(e):this.removeEventListener(`keyup`,_(this,E))}),v(this,D,e=>{let{metaKey:t,altKey:n,key:r}=e;t||n||!this.keysUsed.includes(r)?this.removeEventListener(`keyup`,_(this,E)):this.addEventListener(`keyup`,_(this,E),{once:!0})}),!this.shadowRoot){this.attachShadow(this.constructor.shadowRootOptions);let e=a(this.attributes),t=this.constructor.getTemplateHTML(e);this.shadowRoot.setHTMLUnsafe?this.shadowRoot.setHTMLUnsafe(t):this.shadowRoot.innerHTML=t}this.tooltipEl=this.shadowRoot.querySelector(`media-tooltip`)}static get observedAttributes(){return[`disabled`,A.TOOLTIP_PLACEMENT,d.MEDIA_CONTROLLER,e.MEDIA_LANG]}enable(){this.addEventListener(`click`,_(this,S)),this.addEventListener(`keydown`,_(this,D)),this.tabIndex=0}disable(){this.removeEventListener(`click`,_(this,S)),this.removeEventListener(`keydown`,_(this,D)),this.removeEventListener(`keyup`,_(this,E)),this.tabIndex=-1}attributeChangedCallback(t,n,r){var i,a,o,s;t===d.MEDIA_CONTROLLER?(n&&((a=(i=_(this,x))?.unassociateElement)==null||a.call(i,this),y(this,x,null)),r&&this.isConnected&&(y(this,x,this.getRootNode()?.getElementById(r)),(s=(o=_(this,x))?.associateElement)==null||s.call(o,this))):t===`disabled`&&r!==n?r==null?this.enable():this.disable():t===A.TOOLTIP_PLACEMENT&&this.tooltipEl&&r!==n?this.tooltipEl.placement=r:t===e.MEDIA_LANG&&(this.shadowRoot.querySelector(`slot[name="tooltip-content"]`).innerHTML=this.constructor.getTooltipContentHTML()),b(this,C,w).call(this)&&_(this,T).call(this)}connectedCallback(){var e,t;let{style:n}=i(this.shadowRoot,`:host`);n.setProperty(`display`,`var(--media-control-display, var(--${this.localName}-display, inline-flex))`),this.hasAttribute(`disabled`)?this.disable():this.enable(),this.setAttribute(`role`,`button`);let r=this.getAttribute(d.MEDIA_CONTROLLER);r&&(y(this,x,this.getRootNode()?.getElementById(r)),(t=(e=_(this,x))?.associateElement)==null||t.call(e,this)),o.customElements.whenDefined(`media-tooltip`).then(()=>b(this,O,k).call(this))}disconnectedCallback(){var e,t;this.disable(),(t=(e=_(this,x))?.unassociateElement)==null||t.call(e,this),y(this,x,null),this.removeEventListener(`mouseenter`,_(this,T)),this.removeEventListener(`focus`,_(this,T)),this.removeEventListener(`click`,_(this,S))}get keysUsed(){return[`Enter`,` `]}get tooltipPlacement(){return n(this,A.TOOLTIP_PLACEMENT)}set tooltipPlacement(e){t(this,A.TOOLTIP_PLACEMENT,e)}get mediaController(){return n(this,d.MEDIA_CONTROLLER)}set mediaController(e){t(this,d.MEDIA_CONTROLLER,e)}get disabled(){return s(this,A.DISABLED)}set disabled(e){r(this,A.DISABLED,e)}get noTooltip(){return s(this,A.NO_TOOLTIP)}set noTooltip(e){r(this,A.NO_TOOLTIP,e)}handleClick(e){}};x=new WeakMap,S=new WeakMap,C=new WeakSet,w=function(){try{return this.matches(`:hover, :focus-visible`)}catch{return this.matches(`:hover, :focus`)}},T=new WeakMap,E=new WeakMap,D=new WeakMap,O=new WeakSet,k=function(){this.addEventListener(`mouseenter`,_(this,T)),this.addEventListener(`focus`,_(this,T)),this.addEventListener(`click`,_(this,S));let e=this.tooltipPlacement;e&&this.tooltipEl&&(this.tooltipEl.placement=e)},P.shadowRootOptions={mode:`open`},P.getTemplateHTML=j,P.getSlotTemplateHTML=M,P.getTooltipContentHTML=N,o.customElements.get(`media-chrome-button`)||o.customElements.define(`media-chrome-button`,P);export{P as t};