using System.Security.Cryptography;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Admin;

/// <summary>
/// The door of the admin port. Who has the admin key, in a header or by a session, may enter; without a key in the configuration, whoever
/// reaches the port, which is this machine then. Browsers carry other people's pages into both, so a call of theirs must name this
/// machine, and one that changes something must come from a page of this port with its token.
/// </summary>
internal sealed partial class AdminGuard
{
    private readonly AdminSessions _sessions;
    private readonly AntiForgeryToken _token;
    private readonly bool _isOfThisMachine;
    private readonly ILogger<AdminGuard> _logger;
    private volatile KeyHash? _key;

    public AdminGuard(ProxyOptions options, AntiForgeryToken token, TimeProvider time, ILogger<AdminGuard> logger)
    {
        _sessions = new AdminSessions(time);
        _token = token;
        _isOfThisMachine = ListenHost.IsOfThisMachine(options.AdminHost);
        _logger = logger;
        _key = options.AdminKey?.Hash;
    }

    /// <summary>This is the key from now on. Sessions of another one end.</summary>
    public void Use(AdminKeyOptions? key) => _key = key?.Hash;

    /// <param name="http">A request to the admin port.</param>
    /// <param name="next">Answers it, if it may enter.</param>
    public async Task HandleAsync(HttpContext http, Func<HttpContext, Task> next)
    {
        AdminHeaders.SetOn(http.Response.Headers);
        var request = http.Request;
        var (path, key) = (request.Path.Value ?? "/", _key);
        var isKeySent = key is not null && IsKeySent(request, key);
        if (!isKeySent && _isOfThisMachine && !BrowserCall.NamesThisMachine(request.Host))
        {
            await AdminEndpoints.WriteErrorAsync(
                http, StatusCodes.Status421MisdirectedRequest, "wrong_host",
                "The admin port answers to localhost only. Ask it by that name, or send the admin_key.").ConfigureAwait(false);
        }
        else if (key is not null && path == LoginPage.Path && HttpMethods.IsPost(request.Method))
        {
            await LoginAsync(http, key).ConfigureAwait(false);
        }
        else if (key is not null && !isKeySent && !IsInSession(request, key) && path != "/health")
        {
            await AskForKeyAsync(http).ConfigureAwait(false);
        }
        else if (Changes(request) && BrowserCall.Is(request) && !(BrowserCall.IsOfThisOrigin(request) && _token.IsSentBy(request)))
        {
            await AdminEndpoints.WriteErrorAsync(
                http, StatusCodes.Status403Forbidden, "token_missing",
                $"A page sends the value of GET {AntiForgeryToken.Path} in the header {AntiForgeryToken.Header}.").ConfigureAwait(false);
        }
        else if (path == AntiForgeryToken.Path && HttpMethods.IsGet(request.Method))
        {
            var token = AdminJson.Document(writer => writer.WriteString("token", _token.Value));
            await AdminEndpoints.WriteAsync(http, StatusCodes.Status200OK, "application/json", token).ConfigureAwait(false);
        }
        else
        {
            await next(http).ConfigureAwait(false);
        }
    }

    private static bool Changes(HttpRequest request) => !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method);

    private static bool IsKeySent(HttpRequest request, KeyHash key) =>
        IsKey(CredentialHeaders.KeyIn(request.Headers.Authorization.ToString()), key)
            || IsKey(request.Headers[CredentialHeaders.ApiKey].ToString(), key);

    private static bool IsKey(string text, KeyHash key)
    {
        if (text.Length == 0)
            return false;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        KeyRing.HashOf(text, hash);
        return CryptographicOperations.FixedTimeEquals(hash, key.ToBytes());
    }

    private bool IsInSession(HttpRequest request, KeyHash key) => _sessions.IsValid(request.Cookies[SessionCookie.Name], key);

    private async Task LoginAsync(HttpContext http, KeyHash key)
    {
        var request = http.Request;
        var sent = BrowserCall.IsOfThisOrigin(request)
            ? await LoginPage.ReadAsync(request, http.RequestAborted).ConfigureAwait(false)
            : null;
        if (sent is null || !IsKey(sent.Trim(), key))
        {
            LogRefused(http.Connection.RemoteIpAddress?.ToString() ?? "a local socket");
            await LoginPage.WriteAsync(http, isRefused: true).ConfigureAwait(false);
            return;
        }

        http.Response.Cookies.Append(SessionCookie.Name, _sessions.Begin(key), new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Strict,
            Secure = request.IsHttps,
            MaxAge = AdminSessions.Lasts,
            Path = "/",
        });
        http.Response.StatusCode = StatusCodes.Status303SeeOther;
        http.Response.Headers.Location = "/";
    }

    /// <summary>A person gets a form, a program is told which header to send.</summary>
    private static Task AskForKeyAsync(HttpContext http)
    {
        var request = http.Request;
        if (!Changes(request) && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase))
            return LoginPage.WriteAsync(http, isRefused: false);
        http.Response.Headers.WWWAuthenticate = "Bearer";
        return AdminEndpoints.WriteErrorAsync(
            http, StatusCodes.Status401Unauthorized, "invalid_api_key",
            "The admin port asks for its key: send \"Authorization: Bearer KEY\", the key of admin_key.");
    }

    [LoggerMessage(LogLevel.Warning, "Somebody at {Address} tried to log in to the admin port with a wrong key.")]
    private partial void LogRefused(string address);
}
