namespace Bioproxy.Host.Models.Slots;

/// <summary>Where the beginning of a prompt's KV state comes from.</summary>
internal enum PromptSource
{
    /// <summary>Nothing is known: the backend chooses a slot, and its own RAM cache may still help.</summary>
    Cold,

    /// <summary>A slot holds it.</summary>
    Hot,

    /// <summary>A snapshot is restored into a slot first.</summary>
    Restored,
}
