using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Security;

/// <summary>The token that a page sends with every call that changes something: another page in the same browser cannot read it. It lasts
/// as long as the process.</summary>
internal sealed class AntiForgeryToken
{
    public const string Header = "X-Bioproxy-Token";

    /// <summary>Where a page reads it.</summary>
    public const string Path = "/token";

    private readonly byte[] _bytes;

    public AntiForgeryToken()
    {
        Value = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        _bytes = Encoding.UTF8.GetBytes(Value);
    }

    public string Value { get; }

    public bool IsSentBy(HttpRequest request) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(request.Headers[Header].ToString()), _bytes);
}
