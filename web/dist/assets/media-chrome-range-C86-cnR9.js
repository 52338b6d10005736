import{f as e,l as t,m as n,n as r,t as i,u as a,x as o}from"./server-safe-globals-BPZS4ejs.js";import{n as s,t as c}from"./resize-observer-DRymQmCO.js";var l=(e,t,n)=>{if(!t.has(e))throw TypeError(`Cannot `+n)},u=(e,t,n)=>(l(e,t,`read from private field`),n?n.call(e):t.get(e)),d=(e,t,n)=>{if(t.has(e))throw TypeError(`Cannot add the same private member more than once`);t instanceof WeakSet?t.add(e):t.set(e,n)},f=(e,t,n,r)=>(l(e,t,`write to private field`),r?r.call(e,n):t.set(e,n),n),p=(e,t,n)=>(l(e,t,`access private method`),n),m,h,g,_,v,y,b,x,S,C,w,T,E,D,O,k,A,j,M,N,P,F,I,L,R;function z(e){return`
    <style>
      :host {
        --_focus-box-shadow: var(--media-focus-box-shadow, inset 0 0 0 2px rgb(27 127 204 / .9));
        --_media-range-padding: var(--media-range-padding, var(--media-control-padding, 10px));

        box-shadow: var(--_focus-visible-box-shadow, none);
        background: var(--media-control-background, var(--media-secondary-color, rgb(20 20 30 / .7)));
        height: calc(var(--media-control-height, 24px) + 2 * var(--_media-range-padding));
        display: inline-flex;
        align-items: center;
        
        vertical-align: middle;
        box-sizing: border-box;
        position: relative;
        width: 100px;
        transition: background .15s linear;
        cursor: var(--media-cursor, pointer);
        pointer-events: auto;
        touch-action: none; 
      }

      
      input[type=range]:focus {
        outline: 0;
      }
      input[type=range]:focus::-webkit-slider-runnable-track {
        outline: 0;
      }

      :host(:hover) {
        background: var(--media-control-hover-background, rgb(50 50 70 / .7));
      }

      #leftgap {
        padding-left: var(--media-range-padding-left, var(--_media-range-padding));
      }

      #rightgap {
        padding-right: var(--media-range-padding-right, var(--_media-range-padding));
      }

      #startpoint,
      #endpoint {
        position: absolute;
      }

      #endpoint {
        right: 0;
      }

      #container {
        
        width: var(--media-range-track-width, 100%);
        transform: translate(var(--media-range-track-translate-x, 0px), var(--media-range-track-translate-y, 0px));
        position: relative;
        height: 100%;
        display: flex;
        align-items: center;
        min-width: 40px;
      }

      #range {
        
        display: var(--media-time-range-hover-display, block);
        bottom: var(--media-time-range-hover-bottom, 0);
        height: var(--media-time-range-hover-height, max(100% , 25px));
        width: 100%;
        position: absolute;
        cursor: var(--media-cursor, pointer);

        -webkit-appearance: none; 
        -webkit-tap-highlight-color: transparent;
        background: transparent; 
        margin: 0;
        z-index: 1;
      }

      @media (hover: hover) {
        #range {
          bottom: var(--media-time-range-hover-bottom, 0);
          height: var(--media-time-range-hover-height, max(100%, 20px));
        }
      }

      
      
      #range::-webkit-slider-thumb {
        -webkit-appearance: none;
        background: transparent;
        width: .1px;
        height: .1px;
      }

      
      #range::-moz-range-thumb {
        background: transparent;
        border: transparent;
        width: .1px;
        height: .1px;
      }

      #appearance {
        height: var(--media-range-track-height, 4px);
        display: flex;
        flex-direction: column;
        justify-content: center;
        width: 100%;
        position: absolute;
        
        will-change: transform;
      }

      #track {
        background: var(--media-range-track-background, rgb(255 255 255 / .2));
        border-radius: var(--media-range-track-border-radius, 1px);
        border: var(--media-range-track-border, none);
        outline: var(--media-range-track-outline);
        outline-offset: var(--media-range-track-outline-offset);
        backdrop-filter: var(--media-range-track-backdrop-filter);
        -webkit-backdrop-filter: var(--media-range-track-backdrop-filter);
        box-shadow: var(--media-range-track-box-shadow, none);
        position: absolute;
        width: 100%;
        height: 100%;
        overflow: hidden;
      }

      #progress,
      #pointer {
        position: absolute;
        height: 100%;
        will-change: width;
      }

      #progress {
        background: var(--media-range-bar-color, var(--media-primary-color, rgb(238 238 238)));
        transition: var(--media-range-track-transition);
      }

      #pointer {
        background: var(--media-range-track-pointer-background);
        border-right: var(--media-range-track-pointer-border-right);
        transition: visibility .25s, opacity .25s;
        visibility: hidden;
        opacity: 0;
      }

      @media (hover: hover) {
        :host(:hover) #pointer {
          transition: visibility .5s, opacity .5s;
          visibility: visible;
          opacity: 1;
        }
      }

      #thumb,
      ::slotted([slot=thumb]) {
        width: var(--media-range-thumb-width, 10px);
        height: var(--media-range-thumb-height, 10px);
        transition: var(--media-range-thumb-transition);
        transform: var(--media-range-thumb-transform, none);
        opacity: var(--media-range-thumb-opacity, 1);
        translate: -50%;
        position: absolute;
        left: 0;
        cursor: var(--media-cursor, pointer);
      }

      #thumb {
        border-radius: var(--media-range-thumb-border-radius, 10px);
        background: var(--media-range-thumb-background, var(--media-primary-color, rgb(238 238 238)));
        box-shadow: var(--media-range-thumb-box-shadow, 1px 1px 1px transparent);
        border: var(--media-range-thumb-border, none);
      }

      :host([disabled]) #thumb {
        background-color: #777;
      }

      .segments #appearance {
        height: var(--media-range-segment-hover-height, 7px);
      }

      #track {
        clip-path: url(#segments-clipping);
      }

      #segments {
        --segments-gap: var(--media-range-segments-gap, 2px);
        position: absolute;
        width: 100%;
        height: 100%;
      }

      #segments-clipping {
        transform: translateX(calc(var(--segments-gap) / 2));
      }

      #segments-clipping:empty {
        display: none;
      }

      #segments-clipping rect {
        height: var(--media-range-track-height, 4px);
        y: calc((var(--media-range-segment-hover-height, 7px) - var(--media-range-track-height, 4px)) / 2);
        transition: var(--media-range-segment-transition, transform .1s ease-in-out);
        transform: var(--media-range-segment-transform, scaleY(1));
        transform-origin: center;
      }

      /* Visible label for accessibility - positioned off-screen but technically visible (Firefox requires visible labels) */
      #range-label {
        position: absolute;
        left: -10000px;
        background: var(--media-control-background, var(--media-secondary-color, rgb(20 20 30 / .7)));
        pointer-events: none;
      }
    </style>
    <div id="leftgap"></div>
    <div id="container">
      <div id="startpoint"></div>
      <div id="endpoint"></div>
      <div id="appearance">
        <div id="track" part="track">
          <div id="pointer"></div>
          <div id="progress" part="progress"></div>
        </div>
        <slot name="thumb">
          <div id="thumb" part="thumb"></div>
        </slot>
        <svg id="segments" aria-hidden="true"><clipPath id="segments-clipping"></clipPath></svg>
      </div>
        <input id="range" type="range" min="0" max="1" step="any" value="0">
        <label for="range" id="range-label"></label>

      ${this.getContainerTemplateHTML(e)}
    </div>
    <div id="rightgap"></div>
  `}function B(e){return``}var V=class extends r.HTMLElement{constructor(){if(super(),d(this,C),d(this,T),d(this,D),d(this,k),d(this,j),d(this,N),d(this,F),d(this,L),d(this,m,void 0),d(this,h,void 0),d(this,g,void 0),d(this,_,void 0),d(this,v,{}),d(this,y,[]),d(this,b,()=>{if(this.range.matches(`:focus-visible`)){let{style:e}=t(this.shadowRoot,`:host`);e.setProperty(`--_focus-visible-box-shadow`,`var(--_focus-box-shadow)`)}}),d(this,x,()=>{let{style:e}=t(this.shadowRoot,`:host`);e.removeProperty(`--_focus-visible-box-shadow`)}),d(this,S,()=>{let e=this.shadowRoot.querySelector(`#segments-clipping`);e&&e.parentNode.append(e)}),!this.shadowRoot){this.attachShadow(this.constructor.shadowRootOptions);let e=n(this.attributes),t=this.constructor.getTemplateHTML(e);this.shadowRoot.setHTMLUnsafe?this.shadowRoot.setHTMLUnsafe(t):this.shadowRoot.innerHTML=t}this.container=this.shadowRoot.querySelector(`#container`),f(this,g,this.shadowRoot.querySelector(`#startpoint`)),f(this,_,this.shadowRoot.querySelector(`#endpoint`)),this.range=this.shadowRoot.querySelector(`#range`),this.appearance=this.shadowRoot.querySelector(`#appearance`)}static get observedAttributes(){return[`disabled`,`aria-disabled`,o.MEDIA_CONTROLLER]}attributeChangedCallback(e,t,n){var r,i,a,s;e===o.MEDIA_CONTROLLER?(t&&((i=(r=u(this,m))?.unassociateElement)==null||i.call(r,this),f(this,m,null)),n&&this.isConnected&&(f(this,m,this.getRootNode()?.getElementById(n)),(s=(a=u(this,m))?.associateElement)==null||s.call(a,this))):(e===`disabled`||e===`aria-disabled`&&t!==n)&&(n==null?(this.range.removeAttribute(e),p(this,T,E).call(this)):(this.range.setAttribute(e,n),p(this,D,O).call(this)))}connectedCallback(){var e,n;let{style:r}=t(this.shadowRoot,`:host`);r.setProperty(`display`,`var(--media-control-display, var(--${this.localName}-display, inline-flex))`),u(this,v).pointer=t(this.shadowRoot,`#pointer`),u(this,v).progress=t(this.shadowRoot,`#progress`),u(this,v).thumb=t(this.shadowRoot,`#thumb, ::slotted([slot="thumb"])`),u(this,v).activeSegment=t(this.shadowRoot,`#segments-clipping rect:nth-child(0)`);let i=this.getAttribute(o.MEDIA_CONTROLLER);i&&(f(this,m,this.getRootNode()?.getElementById(i)),(n=(e=u(this,m))?.associateElement)==null||n.call(e,this)),this.updateBar(),this.shadowRoot.addEventListener(`focusin`,u(this,b)),this.shadowRoot.addEventListener(`focusout`,u(this,x)),p(this,T,E).call(this),c(this.container,u(this,S))}disconnectedCallback(){var e,t;p(this,D,O).call(this),(t=(e=u(this,m))?.unassociateElement)==null||t.call(e,this),f(this,m,null),this.shadowRoot.removeEventListener(`focusin`,u(this,b)),this.shadowRoot.removeEventListener(`focusout`,u(this,x)),s(this.container,u(this,S))}updatePointerBar(e){var t;(t=u(this,v).pointer)==null||t.style.setProperty(`width`,`${this.getPointerRatio(e)*100}%`)}updateBar(){var e,t;let n=this.range.valueAsNumber*100;(e=u(this,v).progress)==null||e.style.setProperty(`width`,`${n}%`),(t=u(this,v).thumb)==null||t.style.setProperty(`left`,`${n}%`)}updateSegments(t){let n=this.shadowRoot.querySelector(`#segments-clipping`);if(n.textContent=``,this.container.classList.toggle(`segments`,!!t?.length),!t?.length)return;let r=[...new Set([+this.range.min,...t.flatMap(e=>[e.start,e.end]),+this.range.max])];f(this,y,[...r]);let a=r.pop();for(let[t,o]of r.entries()){let[s,c]=[t===0,t===r.length-1],l=s?`calc(var(--segments-gap) / -1)`:`${o*100}%`,u=`calc(${((c?a:r[t+1])-o)*100}%${s||c?``:` - var(--segments-gap)`})`,d=i.createElementNS(`http://www.w3.org/2000/svg`,`rect`),f=e(this.shadowRoot,`#segments-clipping rect:nth-child(${t+1})`);f.style.setProperty(`x`,l),f.style.setProperty(`width`,u),n.append(d)}}getPointerRatio(e){return a(e.clientX,e.clientY,u(this,g).getBoundingClientRect(),u(this,_).getBoundingClientRect())}get dragging(){return this.hasAttribute(`dragging`)}handleEvent(e){switch(e.type){case`pointermove`:p(this,L,R).call(this,e);break;case`input`:this.updateBar();break;case`pointerenter`:p(this,j,M).call(this,e);break;case`pointerdown`:p(this,k,A).call(this,e);break;case`pointerup`:p(this,N,P).call(this);break;case`pointerleave`:p(this,F,I).call(this)}}get keysUsed(){return[`ArrowUp`,`ArrowRight`,`ArrowDown`,`ArrowLeft`]}};m=new WeakMap,h=new WeakMap,g=new WeakMap,_=new WeakMap,v=new WeakMap,y=new WeakMap,b=new WeakMap,x=new WeakMap,S=new WeakMap,C=new WeakSet,w=function(e){let t=u(this,v).activeSegment;if(!t)return;let n=this.getPointerRatio(e),r=`#segments-clipping rect:nth-child(${u(this,y).findIndex((e,t,r)=>{let i=r[t+1];return i!=null&&n>=e&&n<=i})+1})`;t.selectorText==r&&t.style.transform||(t.selectorText=r,t.style.setProperty(`transform`,`var(--media-range-segment-hover-transform, scaleY(2))`))},T=new WeakSet,E=function(){!this.hasAttribute(`disabled`)&&this.isConnected&&(this.addEventListener(`input`,this),this.addEventListener(`pointerdown`,this),this.addEventListener(`pointerenter`,this))},D=new WeakSet,O=function(){var e,t;this.removeEventListener(`input`,this),this.removeEventListener(`pointerdown`,this),this.removeEventListener(`pointerenter`,this),this.removeEventListener(`pointerleave`,this),(e=r.window)==null||e.removeEventListener(`pointerup`,this),(t=r.window)==null||t.removeEventListener(`pointermove`,this)},k=new WeakSet,A=function(e){var t;f(this,h,e.composedPath().includes(this.range)),(t=r.window)==null||t.addEventListener(`pointerup`,this,{once:!0})},j=new WeakSet,M=function(e){var t;e.pointerType!==`mouse`&&p(this,k,A).call(this,e),this.addEventListener(`pointerleave`,this,{once:!0}),(t=r.window)==null||t.addEventListener(`pointermove`,this)},N=new WeakSet,P=function(){var e;(e=r.window)==null||e.removeEventListener(`pointerup`,this),this.toggleAttribute(`dragging`,!1),this.range.disabled=this.hasAttribute(`disabled`)},F=new WeakSet,I=function(){var e,t;this.removeEventListener(`pointerleave`,this),(e=r.window)==null||e.removeEventListener(`pointermove`,this),this.toggleAttribute(`dragging`,!1),this.range.disabled=this.hasAttribute(`disabled`),(t=u(this,v).activeSegment)==null||t.style.removeProperty(`transform`)},L=new WeakSet,R=function(e){(e.pointerType!==`pen`||e.buttons!==0)&&(this.toggleAttribute(`dragging`,e.buttons===1||e.pointerType!==`mouse`),this.updatePointerBar(e),p(this,C,w).call(this,e),this.dragging&&(e.pointerType!==`mouse`||!u(this,h))&&(this.range.disabled=!0,this.range.valueAsNumber=this.getPointerRatio(e),this.range.dispatchEvent(new Event(`input`,{bubbles:!0,composed:!0}))))},V.shadowRootOptions={mode:`open`},V.getTemplateHTML=z,V.getContainerTemplateHTML=B,r.customElements.get(`media-chrome-range`)||r.customElements.define(`media-chrome-range`,V);export{V as t};