namespace Bioproxy.Host.Configuration;

/// <summary><c>admin_key</c>.</summary>
/// <param name="Hash">Its SHA-256.</param>
/// <param name="Key">The key itself, where it came from the environment: the commands need it to ask the running proxy.</param>
internal sealed record AdminKeyOptions(KeyHash Hash, string? Key)
{
    /// <summary>Never the key.</summary>
    public override string ToString() => "admin_key";
}
