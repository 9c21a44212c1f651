namespace Bioproxy.Host.Security;

/// <summary>The key that a client sent and that was found. A feature of its request: the headers do not have it any more.</summary>
/// <param name="Key">Which one it is.</param>
/// <param name="Text">As the client sent it, for backends that get it (<c>forward_api_key</c>).</param>
internal sealed record ClientKey(ApiKey Key, string Text)
{
    /// <summary>Never the text: a log may take this for a value.</summary>
    public override string ToString() => Key.Name;
}
