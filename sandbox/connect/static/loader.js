/**
 * MXConnect: embeds a Connect widget URL in an element (MX's deprecated JavaScript loader).
 *
 *   var mxConnect = new MXConnect({ id: 'addAccount', url: '<link>', onLoad: …, onSuccess: … });
 *   mxConnect.load(url);   // with another or, the first time, an initial URL
 */
(function () {
  "use strict";

  function MXConnect(options) {
    this.options = options || {};
    this.frame = null;
    this.receive = this.receive.bind(this);
    window.addEventListener("message", this.receive);
    if (this.options.url) {
      if (document.readyState === "loading") {
        document.addEventListener("DOMContentLoaded", this.load.bind(this, this.options.url));
      } else {
        this.load(this.options.url);
      }
    }
  }

  MXConnect.prototype.load = function (url) {
    url = url || this.options.url;
    var element = document.getElementById(this.options.id);
    if (!url || !element) {
      throw new Error("MXConnect needs a widget URL and an element with the id it was given.");
    }
    if (this.frame && this.frame.isConnected && this.frame.dataset.url === url) {
      return;
    }
    var frame = document.createElement("iframe");
    frame.src = url;
    frame.dataset.url = url;
    frame.title = this.options.iframeTitle || "Connect your bank";
    frame.width = this.options.width || "100%";
    frame.height = this.options.height || "600";
    frame.setAttribute("frameborder", "0");
    element.replaceChildren(frame);
    this.frame = frame;
  };

  MXConnect.prototype.open = MXConnect.prototype.load;

  MXConnect.prototype.unload = function () {
    window.removeEventListener("message", this.receive);
    if (this.frame) {
      this.frame.remove();
      this.frame = null;
    }
  };

  MXConnect.prototype.receive = function (event) {
    if (!this.frame || event.source !== this.frame.contentWindow || !event.data) {
      return;
    }
    var options = this.options;
    if (event.data.mx && options.onEvent) {
      options.onEvent(event.data.type, event.data.metadata || {});
    } else if (event.data.type === "mxConnectLoaded" && options.onLoad) {
      options.onLoad();
    } else if (event.data.type === "memberAdded" && options.onSuccess) {
      options.onSuccess(event.data.payload.member_guid);
    }
  };

  window.MXConnect = MXConnect;
})();
