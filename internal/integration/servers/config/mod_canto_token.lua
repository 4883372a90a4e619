-- Tokens for OAUTHBEARER (RFC 7628): GET /canto_token/USER makes one. Prosody 13 takes such tokens by itself; what gives them out
-- in its community modules asks a person with a web browser for consent.
local tokens = module:depends("tokenauth");
local host = module.host;

module:depends("http");
module:provides("http", {
	name = "canto_token";
	route = {
		["GET /*"] = function (_, user)
			local account = user .. "@" .. host;
			local grant = assert(tokens.create_grant(account, account, 3600));
			return (assert(tokens.create_token(account, grant, nil, 3600, "oauth2")));
		end;
	};
});
