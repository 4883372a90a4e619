"""A client of another make (slixmpp), led by lines of JSON on its standard input, telling what it sees by lines of JSON.

usage: foreign.py HOST PORT CA-FILE JID, with the password in XMPP_PASSWORD.

It answers receipts (XEP-0184), which slixmpp does by itself, and asks for them where it's told to.
"""
import asyncio
import json
import os
import sys
import threading

import slixmpp

host, port, ca_file, address = sys.argv[1:5]


def tell(**event):
    print(json.dumps({k: v for k, v in event.items() if v not in (None, "")}), flush=True)


class Foreign(slixmpp.ClientXMPP):
    def __init__(self):
        super().__init__(address, os.environ["XMPP_PASSWORD"])
        self.ca_certs = ca_file
        for plugin in ("xep_0030", "xep_0045", "xep_0085", "xep_0184", "xep_0199", "xep_0308", "xep_0359"):
            self.register_plugin(plugin)
        self["xep_0184"].auto_request = False
        self.add_event_handler("session_start", self.begin)
        self.add_event_handler("message", self.message)
        self.add_event_handler("message_error", self.message)
        self.add_event_handler("receipt_received", lambda m: tell(event="receipt", sender=str(m["from"]), of=m["receipt"]))
        self.add_event_handler("groupchat_presence", self.presence)
        self.add_event_handler("failed_all_auth", lambda _: tell(event="failed", text="login"))
        self.add_event_handler("disconnected", lambda _: self.loop.stop())

    async def begin(self, _):
        await self.get_roster()
        self.send_presence()
        tell(event="online", jid=str(self.boundjid))

    def message(self, m):
        state = m["chat_state"] if m["type"] != "error" else ""
        tell(event="message", sender=str(m["from"]), type=m["type"], id=m["id"], body=m["body"], state=state,
             replaces=m["replace"]["id"], subject=m["subject"], receipt=m["receipt"] if not m["body"] else None)

    def presence(self, p):
        codes = sorted(p["muc"]["status_codes"])
        tell(event="presence", sender=str(p["from"]), type=p["type"], own=110 in codes)

    def act(self, do, **a):
        if do == "join":
            asyncio.ensure_future(self["xep_0045"].join_muc_wait(slixmpp.JID(a["room"]), a["nick"], maxstanzas=0))
        elif do == "say":
            m = self.make_message(mto=a["to"], mbody=a["body"], mtype=a["type"])
            m["id"] = a["id"]
            if a.get("replaces"):
                m["replace"]["id"] = a["replaces"]
            if a.get("receipt"):
                m["request_receipt"] = True
            if a.get("state"):
                m["chat_state"] = a["state"]
            m.send()
        elif do == "state":
            m = self.make_message(mto=a["to"], mtype=a["type"])
            m["chat_state"] = a["state"]
            m.send()
        elif do == "quit":
            self.disconnect(wait=1)


def follow(client):
    for line in sys.stdin:
        command = json.loads(line)
        client.loop.call_soon_threadsafe(lambda c=command: client.act(**c))
    client.loop.call_soon_threadsafe(lambda: client.disconnect(wait=1))


foreign = Foreign()
foreign.connect(address=(host, int(port)))
threading.Thread(target=follow, args=(foreign,), daemon=True).start()
foreign.loop.run_forever()
