namespace Bioproxy.Host.Models.Slots;

/// <summary>Where the KV state of a prompt's prefix comes from.</summary>
internal enum PromptSource
{
    /// <summary>Nothing is known to hold it; the backend's own RAM cache may still help.</summary>
    Cold,

    /// <summary>A slot holds it.</summary>
    Hot,

    /// <summary>A snapshot is restored into a slot first.</summary>
    Restored,
}
