-- Prosody's own package verifies a client's certificate and has the EXTERNAL mechanism, but no provider that joins the two:
-- this one reads the xmppAddr (RFC 6120 §13.7.1.4) of a verified certificate. Passwords stay those of the account store.
local new_sasl = require "util.sasl".new;
local jid = require "util.jid";
local accounts = module:open_store("accounts");
local host = module.host;

local subject_alt_name, xmpp_addr = "2.5.29.17", "1.3.6.1.5.5.7.8.5";

local function password(username)
	return (accounts:get(username) or {}).password;
end

-- The accounts that the session's certificate names.
local function certified(session)
	local socket = session.conn and session.conn:socket();
	local certificate = socket and socket.getpeercertificate and socket:getpeercertificate();
	local nodes = {};
	if not certificate or not socket:getpeerverification() then return nodes; end
	for _, address in ipairs((certificate:extensions()[subject_alt_name] or {})[xmpp_addr] or {}) do
		local node, domain = jid.prepped_split(address);
		if node and domain == host then nodes[#nodes + 1] = node; end
	end
	return nodes;
end

local provider = {};
function provider.test_password(username, given) return password(username) == given; end
function provider.get_password(username) return password(username); end
function provider.user_exists(username) return password(username) ~= nil; end
function provider.users() return accounts:users(); end

function provider.get_sasl_handler(session)
	local profile = {
		plain = function(_, username)
			local stored = password(username);
			return stored or "", stored and true;
		end;
	};
	if session.secure then
		profile.external = function(authzid)
			-- XEP-0178 §2: of several, the client says which.
			local nodes = certified(session);
			if authzid == "" and #nodes == 1 then return nodes[1], true; end
			for _, node in ipairs(nodes) do
				if jid.prep(authzid) == node .. "@" .. host then return node, true; end
			end
		end;
	end
	return new_sasl(host, profile);
end

module:provides("auth", provider);
