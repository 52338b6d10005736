import{C as e,S as t,_ as n,c as r,d as i,g as a,h as o,i as ee,l as s,n as c,o as l,p as te,r as ne}from"./server-safe-globals-BPZS4ejs.js";import{t as re}from"./media-chrome-range-C86-cnR9.js";import ie from"./media-preview-thumbnail-CFpmgQFA.js";import"./media-preview-time-display-DJ98dWsS.js";import{r as ae,t as oe}from"./time-ZeFTQDUI.js";import{r as u}from"./i18n-CRTkV9oO.js";import{n as se}from"./utils-BIdtyx27.js";var ce=(e,t,n)=>{if(!t.has(e))throw TypeError(`Cannot `+n)},le=(e,t,n)=>(ce(e,t,`read from private field`),n?n.call(e):t.get(e)),ue=(e,t,n)=>{if(t.has(e))throw TypeError(`Cannot add the same private member more than once`);t instanceof WeakSet?t.add(e):t.set(e,n)},de=(e,t,n,r)=>(ce(e,t,`write to private field`),r?r.call(e,n):t.set(e,n),n),d,fe=class extends ae{constructor(){super(),ue(this,d,void 0),de(this,d,this.shadowRoot.querySelector(`slot`))}static get observedAttributes(){return[...super.observedAttributes,t.MEDIA_PREVIEW_CHAPTER,t.MEDIA_LANG]}attributeChangedCallback(e,n,r){if(super.attributeChangedCallback(e,n,r),(e===t.MEDIA_PREVIEW_CHAPTER||e===t.MEDIA_LANG)&&r!==n&&r!=null){if(le(this,d).textContent=r,r!==``){let e=u(`chapter: {chapterName}`,{chapterName:r});this.setAttribute(`aria-valuetext`,e)}else this.removeAttribute(`aria-valuetext`)}}get mediaPreviewChapter(){return i(this,t.MEDIA_PREVIEW_CHAPTER)}set mediaPreviewChapter(e){n(this,t.MEDIA_PREVIEW_CHAPTER,e)}};d=new WeakMap,c.customElements.get(`media-preview-chapter-display`)||c.customElements.define(`media-preview-chapter-display`,fe);var pe=(e,t,n)=>{if(!t.has(e))throw TypeError(`Cannot `+n)},f=(e,t,n)=>(pe(e,t,`read from private field`),n?n.call(e):t.get(e)),p=(e,t,n)=>{if(t.has(e))throw TypeError(`Cannot add the same private member more than once`);t instanceof WeakSet?t.add(e):t.set(e,n)},m=(e,t,n,r)=>(pe(e,t,`write to private field`),r?r.call(e,n):t.set(e,n),n),me=(e,t,n,r)=>({set _(r){m(e,t,r,n)},get _(){return f(e,t,r)}}),h,g,_,v,y,b,x,S,C,w,he=class{constructor(e,t,n){p(this,h,void 0),p(this,g,void 0),p(this,_,void 0),p(this,v,void 0),p(this,y,void 0),p(this,b,void 0),p(this,x,void 0),p(this,S,void 0),p(this,C,0),p(this,w,(e=performance.now())=>{m(this,C,requestAnimationFrame(f(this,w))),m(this,v,performance.now()-f(this,_));let t=1e3/this.fps;if(f(this,v)>t){m(this,_,e-f(this,v)%t);let n=1e3/((e-f(this,g))/++me(this,y)._),r=(e-f(this,b))/1e3/this.duration,i=f(this,x)+r*this.playbackRate;i-f(this,h).valueAsNumber>0?m(this,S,this.playbackRate/this.duration/n):(m(this,S,.995*f(this,S)),i=f(this,h).valueAsNumber+f(this,S)),this.callback(i)}}),m(this,h,e),this.callback=t,this.fps=n}start(){f(this,C)===0&&(m(this,_,performance.now()),m(this,g,f(this,_)),m(this,y,0),f(this,w).call(this))}stop(){f(this,C)!==0&&(cancelAnimationFrame(f(this,C)),m(this,C,0))}update({start:e,duration:t,playbackRate:n}){let r=e-f(this,h).valueAsNumber,i=Math.abs(t-this.duration);(r>0||r<-.5/t||i>=.5)&&this.callback(e),m(this,x,e),m(this,b,performance.now()),this.duration=t,this.playbackRate=n}};h=new WeakMap,g=new WeakMap,_=new WeakMap,v=new WeakMap,y=new WeakMap,b=new WeakMap,x=new WeakMap,S=new WeakMap,C=new WeakMap,w=new WeakMap;var T=(e,t,n)=>{if(!t.has(e))throw TypeError(`Cannot `+n)},E=(e,t,n)=>(T(e,t,`read from private field`),n?n.call(e):t.get(e)),D=(e,t,n)=>{if(t.has(e))throw TypeError(`Cannot add the same private member more than once`);t instanceof WeakSet?t.add(e):t.set(e,n)},O=(e,t,n,r)=>(T(e,t,`write to private field`),r?r.call(e,n):t.set(e,n),n),k=(e,t,n)=>(T(e,t,`access private method`),n),A,j,M,N,P,F,I,L,R,z,B,V,ge,H,U,W,G,K,q,J,Y,_e,X,Z,ve,ye,be=e=>{let t=e.range,n=oe(+Se(e)),r=oe(+e.mediaSeekableEnd),i=n&&r?u(`{currentTime} of {totalTime}`,{currentTime:n,totalTime:r}):u(`video not loaded, unknown time.`);t.setAttribute(`aria-valuetext`,i)};function xe(e){return`
    <style>
      :host {
        --media-box-border-radius: 4px;
        --media-box-padding-left: 10px;
        --media-box-padding-right: 10px;
        --media-preview-border-radius: var(--media-box-border-radius);
        --media-box-arrow-offset: var(--media-box-border-radius);
        --_control-background: var(--media-control-background, var(--media-secondary-color, rgb(20 20 30 / .7)));
        --_preview-background: var(--media-preview-background, var(--_control-background));

        
        contain: layout;
      }

      #buffered {
        background: var(--media-time-range-buffered-color, rgb(255 255 255 / .4));
        position: absolute;
        height: 100%;
        will-change: width;
      }

      #preview-rail,
      #current-rail {
        width: 100%;
        position: absolute;
        left: 0;
        bottom: 100%;
        pointer-events: none;
        will-change: transform;
      }

      [part~="box"] {
        width: min-content;
        
        position: absolute;
        bottom: 100%;
        flex-direction: column;
        align-items: center;
        transform: translateX(-50%);
      }

      [part~="current-box"] {
        display: var(--media-current-box-display, var(--media-box-display, flex));
        margin: var(--media-current-box-margin, var(--media-box-margin, 0 0 5px));
        visibility: hidden;
      }

      [part~="preview-box"] {
        display: var(--media-preview-box-display, var(--media-box-display, flex));
        margin: var(--media-preview-box-margin, var(--media-box-margin, 0 0 5px));
        transition-property: var(--media-preview-transition-property, visibility, opacity);
        transition-duration: var(--media-preview-transition-duration-out, .25s);
        transition-delay: var(--media-preview-transition-delay-out, 0s);
        visibility: hidden;
        opacity: 0;
      }

      :host(:is([${t.MEDIA_PREVIEW_IMAGE}], [${t.MEDIA_PREVIEW_TIME}])[dragging]) [part~="preview-box"] {
        transition-duration: var(--media-preview-transition-duration-in, .5s);
        transition-delay: var(--media-preview-transition-delay-in, .25s);
        visibility: visible;
        opacity: 1;
      }

      @media (hover: hover) {
        :host(:is([${t.MEDIA_PREVIEW_IMAGE}], [${t.MEDIA_PREVIEW_TIME}]):hover) [part~="preview-box"] {
          transition-duration: var(--media-preview-transition-duration-in, .5s);
          transition-delay: var(--media-preview-transition-delay-in, .25s);
          visibility: visible;
          opacity: 1;
        }
      }

      media-preview-thumbnail,
      ::slotted(media-preview-thumbnail) {
        visibility: hidden;
        
        transition: visibility 0s .25s;
        transition-delay: calc(var(--media-preview-transition-delay-out, 0s) + var(--media-preview-transition-duration-out, .25s));
        background: var(--media-preview-thumbnail-background, var(--_preview-background));
        box-shadow: var(--media-preview-thumbnail-box-shadow, 0 0 4px rgb(0 0 0 / .2));
        max-width: var(--media-preview-thumbnail-max-width, 180px);
        max-height: var(--media-preview-thumbnail-max-height, 160px);
        min-width: var(--media-preview-thumbnail-min-width, 120px);
        min-height: var(--media-preview-thumbnail-min-height, 80px);
        border: var(--media-preview-thumbnail-border);
        border-radius: var(--media-preview-thumbnail-border-radius,
          var(--media-preview-border-radius) var(--media-preview-border-radius) 0 0);
      }

      :host([${t.MEDIA_PREVIEW_IMAGE}][dragging]) media-preview-thumbnail,
      :host([${t.MEDIA_PREVIEW_IMAGE}][dragging]) ::slotted(media-preview-thumbnail) {
        transition-delay: var(--media-preview-transition-delay-in, .25s);
        visibility: visible;
      }

      @media (hover: hover) {
        :host([${t.MEDIA_PREVIEW_IMAGE}]:hover) media-preview-thumbnail,
        :host([${t.MEDIA_PREVIEW_IMAGE}]:hover) ::slotted(media-preview-thumbnail) {
          transition-delay: var(--media-preview-transition-delay-in, .25s);
          visibility: visible;
        }

        :host([${t.MEDIA_PREVIEW_TIME}]:hover) {
          --media-time-range-hover-display: block;
        }
      }

      media-preview-chapter-display,
      ::slotted(media-preview-chapter-display) {
        font-size: var(--media-font-size, 13px);
        line-height: 17px;
        min-width: 0;
        visibility: hidden;
        
        transition: min-width 0s, border-radius 0s, margin 0s, padding 0s, visibility 0s;
        transition-delay: calc(var(--media-preview-transition-delay-out, 0s) + var(--media-preview-transition-duration-out, .25s));
        background: var(--media-preview-chapter-background, var(--_preview-background));
        border-radius: var(--media-preview-chapter-border-radius,
          var(--media-preview-border-radius) var(--media-preview-border-radius)
          var(--media-preview-border-radius) var(--media-preview-border-radius));
        padding: var(--media-preview-chapter-padding, 3.5px 9px);
        margin: var(--media-preview-chapter-margin, 0 0 5px);
        text-shadow: var(--media-preview-chapter-text-shadow, 0 0 4px rgb(0 0 0 / .75));
      }

      :host([${t.MEDIA_PREVIEW_IMAGE}]) media-preview-chapter-display,
      :host([${t.MEDIA_PREVIEW_IMAGE}]) ::slotted(media-preview-chapter-display) {
        transition-delay: var(--media-preview-transition-delay-in, .25s);
        border-radius: var(--media-preview-chapter-border-radius, 0);
        padding: var(--media-preview-chapter-padding, 3.5px 9px 0);
        margin: var(--media-preview-chapter-margin, 0);
        min-width: 100%;
      }

      media-preview-chapter-display[${t.MEDIA_PREVIEW_CHAPTER}],
      ::slotted(media-preview-chapter-display[${t.MEDIA_PREVIEW_CHAPTER}]) {
        visibility: visible;
      }

      media-preview-chapter-display:not([aria-valuetext]),
      ::slotted(media-preview-chapter-display:not([aria-valuetext])) {
        display: none;
      }

      media-preview-time-display,
      ::slotted(media-preview-time-display),
      media-time-display,
      ::slotted(media-time-display) {
        font-size: var(--media-font-size, 13px);
        line-height: 17px;
        min-width: 0;
        
        transition: min-width 0s, border-radius 0s;
        transition-delay: calc(var(--media-preview-transition-delay-out, 0s) + var(--media-preview-transition-duration-out, .25s));
        background: var(--media-preview-time-background, var(--_preview-background));
        border-radius: var(--media-preview-time-border-radius,
          var(--media-preview-border-radius) var(--media-preview-border-radius)
          var(--media-preview-border-radius) var(--media-preview-border-radius));
        padding: var(--media-preview-time-padding, 3.5px 9px);
        margin: var(--media-preview-time-margin, 0);
        text-shadow: var(--media-preview-time-text-shadow, 0 0 4px rgb(0 0 0 / .75));
        transform: translateX(min(
          max(calc(50% - var(--_box-width) / 2),
          calc(var(--_box-shift, 0))),
          calc(var(--_box-width) / 2 - 50%)
        ));
      }

      :host([${t.MEDIA_PREVIEW_IMAGE}]) media-preview-time-display,
      :host([${t.MEDIA_PREVIEW_IMAGE}]) ::slotted(media-preview-time-display) {
        transition-delay: var(--media-preview-transition-delay-in, .25s);
        border-radius: var(--media-preview-time-border-radius,
          0 0 var(--media-preview-border-radius) var(--media-preview-border-radius));
        min-width: 100%;
      }

      :host([${t.MEDIA_PREVIEW_TIME}]:hover) {
        --media-time-range-hover-display: block;
      }

      [part~="arrow"],
      ::slotted([part~="arrow"]) {
        display: var(--media-box-arrow-display, inline-block);
        transform: translateX(min(
          max(calc(50% - var(--_box-width) / 2 + var(--media-box-arrow-offset)),
          calc(var(--_box-shift, 0))),
          calc(var(--_box-width) / 2 - 50% - var(--media-box-arrow-offset))
        ));
        
        border-color: transparent;
        border-top-color: var(--media-box-arrow-background, var(--_control-background));
        border-width: var(--media-box-arrow-border-width,
          var(--media-box-arrow-height, 5px) var(--media-box-arrow-width, 6px) 0);
        border-style: solid;
        justify-content: center;
        height: 0;
      }
    </style>
    <div id="preview-rail">
      <slot name="preview" part="box preview-box">
        <media-preview-thumbnail>
          <template shadowrootmode="${ie.shadowRootOptions.mode}">
            ${ie.getTemplateHTML({})}
          </template>
        </media-preview-thumbnail>
        <media-preview-chapter-display></media-preview-chapter-display>
        <media-preview-time-display></media-preview-time-display>
        <slot name="preview-arrow"><div part="arrow"></div></slot>
      </slot>
    </div>
    <div id="current-rail">
      <slot name="current" part="box current-box">
        
      </slot>
    </div>
  `}var Q=(e,t=e.mediaCurrentTime)=>{let n=Number.isFinite(e.mediaSeekableStart)?e.mediaSeekableStart:0,r=Number.isFinite(e.mediaDuration)?e.mediaDuration:e.mediaSeekableEnd;if(Number.isNaN(r))return 0;let i=(t-n)/(r-n);return Math.max(0,Math.min(i,1))},Se=(e,t=e.range.valueAsNumber)=>{let n=Number.isFinite(e.mediaSeekableStart)?e.mediaSeekableStart:0,r=Number.isFinite(e.mediaDuration)?e.mediaDuration:e.mediaSeekableEnd;return Number.isNaN(r)?0:t*(r-n)+n},$=class extends re{constructor(){super(),D(this,V),D(this,U),D(this,G),D(this,q),D(this,Y),D(this,X),D(this,ve),D(this,A,null),D(this,j,void 0),D(this,M,void 0),D(this,N,void 0),D(this,P,void 0),D(this,F,void 0),D(this,I,void 0),D(this,L,void 0),D(this,R,void 0),D(this,z,void 0),D(this,B,()=>{k(this,V,ge).call(this)?E(this,j).start():E(this,j).stop()}),D(this,H,e=>{this.dragging||(se(e)&&(this.range.valueAsNumber=e),E(this,z)||this.updateBar())}),this.shadowRoot.querySelector(`#track`).insertAdjacentHTML(`afterbegin`,`<div id="buffered" part="buffered"></div>`),O(this,M,this.shadowRoot.querySelectorAll(`[part~="box"]`)),O(this,P,this.shadowRoot.querySelector(`[part~="preview-box"]`)),O(this,F,this.shadowRoot.querySelector(`[part~="current-box"]`));let e=getComputedStyle(this);O(this,I,parseInt(e.getPropertyValue(`--media-box-padding-left`))),O(this,L,parseInt(e.getPropertyValue(`--media-box-padding-right`))),O(this,j,new he(this.range,E(this,H),60))}static get observedAttributes(){return[...super.observedAttributes,t.MEDIA_PAUSED,t.MEDIA_DURATION,t.MEDIA_SEEKABLE,t.MEDIA_CURRENT_TIME,t.MEDIA_PREVIEW_IMAGE,t.MEDIA_PREVIEW_TIME,t.MEDIA_PREVIEW_CHAPTER,t.MEDIA_BUFFERED,t.MEDIA_PLAYBACK_RATE,t.MEDIA_LOADING,t.MEDIA_ENDED]}connectedCallback(){var e;super.connectedCallback(),this.range.setAttribute(`aria-label`,u(`seek`)),E(this,B).call(this),O(this,A,this.getRootNode()),(e=E(this,A))==null||e.addEventListener(`transitionstart`,this)}disconnectedCallback(){var e;super.disconnectedCallback(),E(this,j).stop(),(e=E(this,A))==null||e.removeEventListener(`transitionstart`,this),O(this,A,null)}attributeChangedCallback(e,n,r){super.attributeChangedCallback(e,n,r),n!=r&&(e===t.MEDIA_CURRENT_TIME||e===t.MEDIA_PAUSED||e===t.MEDIA_ENDED||e===t.MEDIA_LOADING||e===t.MEDIA_DURATION||e===t.MEDIA_SEEKABLE?(E(this,j).update({start:Q(this),duration:this.mediaSeekableEnd-this.mediaSeekableStart,playbackRate:this.mediaPlaybackRate}),E(this,B).call(this),be(this)):e===t.MEDIA_BUFFERED&&this.updateBufferedBar(),(e===t.MEDIA_DURATION||e===t.MEDIA_SEEKABLE)&&(this.mediaChaptersCues=E(this,R),this.updateBar()))}get mediaChaptersCues(){return E(this,R)}set mediaChaptersCues(e){O(this,R,e),this.updateSegments(E(this,R)?.map(e=>({start:Q(this,e.startTime),end:Q(this,e.endTime)})))}get mediaPaused(){return l(this,t.MEDIA_PAUSED)}set mediaPaused(e){o(this,t.MEDIA_PAUSED,e)}get mediaLoading(){return l(this,t.MEDIA_LOADING)}set mediaLoading(e){o(this,t.MEDIA_LOADING,e)}get mediaDuration(){return r(this,t.MEDIA_DURATION)}set mediaDuration(e){a(this,t.MEDIA_DURATION,e)}get mediaCurrentTime(){return r(this,t.MEDIA_CURRENT_TIME)}set mediaCurrentTime(e){a(this,t.MEDIA_CURRENT_TIME,e)}get mediaPlaybackRate(){return r(this,t.MEDIA_PLAYBACK_RATE,1)}set mediaPlaybackRate(e){a(this,t.MEDIA_PLAYBACK_RATE,e)}get mediaBuffered(){let e=this.getAttribute(t.MEDIA_BUFFERED);return e?e.split(` `).map(e=>e.split(`:`).map(e=>+e)):[]}set mediaBuffered(e){if(!e){this.removeAttribute(t.MEDIA_BUFFERED);return}let n=e.map(e=>e.join(`:`)).join(` `);this.setAttribute(t.MEDIA_BUFFERED,n)}get mediaSeekable(){let e=this.getAttribute(t.MEDIA_SEEKABLE);if(e)return e.split(`:`).map(e=>+e)}set mediaSeekable(e){e==null?this.removeAttribute(t.MEDIA_SEEKABLE):this.setAttribute(t.MEDIA_SEEKABLE,e.join(`:`))}get mediaSeekableEnd(){let[,e=this.mediaDuration]=this.mediaSeekable??[];return e}get mediaSeekableStart(){let[e=0]=this.mediaSeekable??[];return e}get mediaPreviewImage(){return i(this,t.MEDIA_PREVIEW_IMAGE)}set mediaPreviewImage(e){n(this,t.MEDIA_PREVIEW_IMAGE,e)}get mediaPreviewTime(){return r(this,t.MEDIA_PREVIEW_TIME)}set mediaPreviewTime(e){a(this,t.MEDIA_PREVIEW_TIME,e)}get mediaEnded(){return l(this,t.MEDIA_ENDED)}set mediaEnded(e){o(this,t.MEDIA_ENDED,e)}updateBar(){super.updateBar(),this.updateBufferedBar(),this.updateCurrentBox()}updateBufferedBar(){let e=this.mediaBuffered;if(!e.length)return;let t;if(this.mediaEnded)t=1;else{let n=this.mediaCurrentTime,[,r=this.mediaSeekableStart]=e.find(([e,t])=>e<=n&&n<=t)??[];t=Q(this,r)}let{style:n}=s(this.shadowRoot,`#buffered`);n.setProperty(`width`,`${t*100}%`)}updateCurrentBox(){if(!this.shadowRoot.querySelector(`slot[name="current"]`).assignedElements().length)return;let e=s(this.shadowRoot,`#current-rail`),t=s(this.shadowRoot,`[part~="current-box"]`),n=k(this,U,W).call(this,E(this,F)),r=k(this,G,K).call(this,n,this.range.valueAsNumber),i=k(this,q,J).call(this,n,this.range.valueAsNumber);e.style.transform=`translateX(${r})`,e.style.setProperty(`--_range-width`,`${n.range.width}`),t.style.setProperty(`--_box-shift`,`${i}`),t.style.setProperty(`--_box-width`,`${n.box.width}px`),t.style.setProperty(`visibility`,`initial`)}handleEvent(e){switch(super.handleEvent(e),e.type){case`input`:k(this,ve,ye).call(this);break;case`pointermove`:k(this,Y,_e).call(this,e);break;case`pointerup`:E(this,z)&&O(this,z,!1);break;case`pointerdown`:O(this,z,!0);break;case`pointerleave`:k(this,X,Z).call(this,null);break;case`transitionstart`:ee(e.target,this)&&setTimeout(()=>E(this,B).call(this),0)}}};A=new WeakMap,j=new WeakMap,M=new WeakMap,N=new WeakMap,P=new WeakMap,F=new WeakMap,I=new WeakMap,L=new WeakMap,R=new WeakMap,z=new WeakMap,B=new WeakMap,V=new WeakSet,ge=function(){return this.isConnected&&!this.mediaPaused&&!this.mediaLoading&&!this.mediaEnded&&this.mediaSeekableEnd>0&&te(this)},H=new WeakMap,U=new WeakSet,W=function(e){let t=((this.getAttribute(`bounds`)?ne(this,`#${this.getAttribute(`bounds`)}`):this.parentElement)??this).getBoundingClientRect(),n=this.range.getBoundingClientRect(),r=e.offsetWidth;return{box:{width:r,min:-(n.left-t.left-r/2),max:t.right-n.left-r/2},bounds:t,range:n}},G=new WeakSet,K=function(e,t){let n=`${t*100}%`,{width:r,min:i,max:a}=e.box;if(!r)return n;if(Number.isNaN(i)||(n=`max(${`calc(1 / var(--_range-width) * 100 * ${i}% + var(--media-box-padding-left))`}, ${n})`),!Number.isNaN(a)){let e=`calc(1 / var(--_range-width) * 100 * ${a}% - var(--media-box-padding-right))`;n=`min(${n}, ${e})`}return n},q=new WeakSet,J=function(e,t){let{width:n,min:r,max:i}=e.box,a=t*e.range.width;if(a<r+E(this,I)){let t=e.range.left-e.bounds.left-E(this,I);return`${a-n/2+t}px`}if(a>i-E(this,L)){let t=e.bounds.right-e.range.right-E(this,L);return`${a+n/2-t-e.range.width}px`}return 0},Y=new WeakSet,_e=function(e){let t=[...E(this,M)].some(t=>e.composedPath().includes(t));if(!this.dragging&&(t||!e.composedPath().includes(this))){k(this,X,Z).call(this,null);return}let n=this.mediaSeekableEnd;if(!n)return;let r=s(this.shadowRoot,`#preview-rail`),i=s(this.shadowRoot,`[part~="preview-box"]`),a=k(this,U,W).call(this,E(this,P)),o=(e.clientX-a.range.left)/a.range.width;o=Math.max(0,Math.min(1,o));let ee=k(this,G,K).call(this,a,o),c=k(this,q,J).call(this,a,o);r.style.transform=`translateX(${ee})`,r.style.setProperty(`--_range-width`,`${a.range.width}`),i.style.setProperty(`--_box-shift`,`${c}`),i.style.setProperty(`--_box-width`,`${a.box.width}px`);let l=Math.round(E(this,N))-Math.round(o*n);Math.abs(l)<1&&o>.01&&o<.99||(O(this,N,o*n),k(this,X,Z).call(this,E(this,N)))},X=new WeakSet,Z=function(t){this.dispatchEvent(new c.CustomEvent(e.MEDIA_PREVIEW_REQUEST,{composed:!0,bubbles:!0,detail:t}))},ve=new WeakSet,ye=function(){E(this,j).stop();let t=Se(this);this.dispatchEvent(new c.CustomEvent(e.MEDIA_SEEK_REQUEST,{composed:!0,bubbles:!0,detail:t}))},$.shadowRootOptions={mode:`open`},$.getContainerTemplateHTML=xe,c.customElements.get(`media-time-range`)||c.customElements.define(`media-time-range`,$);var Ce=$;export{Ce as default};